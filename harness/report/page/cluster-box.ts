import type { ReportMesh } from '../schema.ts';
import { html, type Markup, truncated } from './markup.ts';

type Cluster = ReportMesh['clusters'][number];

/** The end of a line to the wide-area link: under the middle of a part, or at its left side. */
export interface Anchor {
  x: number;
  bottom: number;
  left: number;
  middle: number;
  purpose: 'data' | 'discovery';
  /** Port of the part. */
  label: string;
}

export interface ClusterBox {
  markup: Markup;
  anchors: Anchor[];
}

interface Place {
  x: number;
  y: number;
  width: number;
  /** The number of parts in a row. */
  columns: 1 | 2;
}

interface Part {
  title: string;
  detail: string;
  link?: { purpose: 'data' | 'discovery'; port: string };
}

const header = 64;
const partHeight = 44;
const partGap = 10;
const serviceHeight = 23;
const padding = 14;
const mostServices = 8;

/** Height of the box of a cluster, in units of the picture. All clusters have the same height, so that they line up. */
export function clusterHeight(mesh: ReportMesh, columns: 1 | 2): number {
  const rows = (parts: number) => Math.ceil(parts / columns) * (partHeight + partGap);
  const services = Math.min(mesh.services.length, mostServices + 1) * serviceHeight;
  return header + rows(2) + services + 16 + rows(discoveryPort(mesh) ? 2 : 1) - partGap + padding;
}

/** A cluster: control plane and ingress, the services with a dot for each pod, and the parts that other networks reach. */
export function clusterBox(mesh: ReportMesh, cluster: Cluster, place: Place): ClusterBox {
  const { x, y, width, columns } = place;
  const height = clusterHeight(mesh, columns);
  const inner = { x: x + padding, width: width - 2 * padding, columns };
  const upper = partRows(upperParts(cluster), { ...inner, y: y + header });
  const servicesTop = y + header + Math.ceil(2 / columns) * (partHeight + partGap) + 8;
  const lower = lowerParts(mesh, cluster);
  const lowerRows = Math.ceil((discoveryPort(mesh) ? 2 : 1) / columns);
  const lowerTop = y + height - padding - lowerRows * (partHeight + partGap) + partGap;
  const gateways = partRows(lower, { ...inner, y: lowerTop });
  const markup = html`<rect class="cluster" x="${x}" y="${y}" width="${width}" height="${height}" rx="8" />
    <text class="name" x="${inner.x}" y="${y + 30}">${truncated(cluster.name, inner.width - 70, 17)}</text>
    <text class="small" text-anchor="end" x="${inner.x + inner.width}" y="${y + 29}">${cluster.role}</text>
    <text class="small" x="${inner.x}" y="${y + 49}">
      ${truncated(`${cluster.region} · ${cluster.zone}`, inner.width, 12)}
    </text>
    ${upper.markup}${services(mesh, cluster, inner.x, servicesTop, inner.width)}${gateways.markup}`;
  return { markup, anchors: gateways.anchors };
}

function upperParts({ role, ingress }: Cluster): Part[] {
  const plane = { title: 'istiod', detail: role === 'remote' ? 'in another cluster' : 'control plane' };
  return [
    plane,
    { title: 'ingress gateway', detail: ingress ? ingress.replace(/^https?:\/\/|\/$/g, '') : 'none' },
  ];
}

function lowerParts(mesh: ReportMesh, { eastWestGateway }: Cluster): Part[] {
  const parts: Part[] = [{ title: 'east-west gateway', detail: eastWestGateway ?? 'none' }];
  const dataPort =
    mesh.link.find((one) => one.purpose === 'data')?.port ?? eastWestGateway?.split(':').at(-1);
  if (eastWestGateway) parts[0]!.link = { purpose: 'data', port: String(dataPort) };
  const discovery = discoveryPort(mesh);
  if (discovery)
    parts.push({
      title: 'API server',
      detail: `:${discovery}`,
      link: { purpose: 'discovery', port: String(discovery) },
    });
  return parts;
}

function discoveryPort(mesh: ReportMesh): number | undefined {
  return mesh.link.find((one) => one.purpose === 'discovery')?.port;
}

function partRows(parts: Part[], { x, y, width, columns }: Place): { markup: Markup[]; anchors: Anchor[] } {
  const partWidth = (width - partGap * (columns - 1)) / columns;
  const anchors: Anchor[] = [];
  const markup = parts.map(({ title, detail, link }, index) => {
    const left = x + (index % columns) * (partWidth + partGap);
    const top = y + Math.floor(index / columns) * (partHeight + partGap);
    if (link)
      anchors.push({
        x: left + partWidth / 2,
        bottom: top + partHeight,
        left,
        middle: top + partHeight / 2,
        purpose: link.purpose,
        label: link.port,
      });
    const none = detail === 'none' || detail === 'in another cluster';
    return html`<rect
        class="part${none ? ' none' : ''}"
        x="${left}"
        y="${top}"
        width="${partWidth}"
        height="${partHeight}"
        rx="6"
      />
      <text class="${none ? 'small' : ''}" x="${left + 10}" y="${top + 18}"
        >${truncated(title, partWidth - 20, 13)}</text
      >
      <text class="small mono" x="${left + 10}" y="${top + 35}"
        >${truncated(detail, partWidth - 20, 11)}</text
      >`;
  });
  return { markup, anchors };
}

function services(mesh: ReportMesh, cluster: Cluster, x: number, top: number, width: number): Markup[] {
  const shown = mesh.services.slice(0, mostServices).map(({ name, pods }, row) => {
    const count = pods[cluster.name] ?? 0;
    const y = top + row * serviceHeight + 15;
    const dots = Array.from({ length: Math.min(count, 6) }, (_, dot) => x + width - 64 - 13 * dot);
    const label = count === 1 ? '1 pod' : `${count} pods`;
    return html`<text class="${count === 0 ? 'small' : ''}" x="${x}" y="${y}"
        >${truncated(name, width - 150, 13)}</text
      >
      ${dots.map((at) => html`<circle class="pod" cx="${at}" cy="${y - 4}" r="4.5" />`)}
      <text class="small" text-anchor="end" x="${x + width}" y="${y}">${label}</text>`;
  });
  const more = mesh.services.length - mostServices;
  if (more <= 0) return shown;
  const y = top + mostServices * serviceHeight + 15;
  return [...shown, html`<text class="small" x="${x}" y="${y}">and ${more} more</text>`];
}
