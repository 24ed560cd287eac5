import type { ReportMesh } from '../schema.ts';
import { html, type Markup } from './markup.ts';
import { topologyPicture } from './topology-picture.ts';

/** The judged mesh as a picture and as a table. */
export function topology(mesh: ReportMesh | null): Markup {
  if (!mesh) return html``;
  return html`<section aria-labelledby="mesh">
    <h2 id="mesh">The mesh</h2>
    <p class="lead">
      ${mesh.meshId}, trust domain ${mesh.trustDomain}.
      ${mesh.lab === null ? 'meshproof did not create this mesh.' : `meshproof created it as the lab “${mesh.lab}”.`}
    </p>
    ${topologyPicture(mesh)}
    <details class="plain">
      <summary>The same as a table</summary>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Cluster</th>
              <th>Role</th>
              <th>Network</th>
              <th>Region, zone</th>
              <th>Ingress</th>
              <th>East-west gateway</th>
              <th>Pods</th>
            </tr>
          </thead>
          <tbody>
            ${mesh.clusters.map((cluster) => row(mesh, cluster))}
          </tbody>
        </table>
      </div>
    </details>
  </section>`;
}

function row(mesh: ReportMesh, cluster: ReportMesh['clusters'][number]): Markup {
  const pods = mesh.services
    .filter((service) => (service.pods[cluster.name] ?? 0) > 0)
    .map((service) => `${service.name} ${service.pods[cluster.name]}`);
  return html`<tr>
    <th scope="row">${cluster.name}</th>
    <td>${cluster.role}</td>
    <td>${cluster.network}</td>
    <td>${cluster.region}, ${cluster.zone}</td>
    <td>${cluster.ingress ?? 'none'}</td>
    <td>${cluster.eastWestGateway ?? 'none'}</td>
    <td>${pods.join(', ')}</td>
  </tr>`;
}
