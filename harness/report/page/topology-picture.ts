import type { ReportMesh } from '../schema.ts';
import { type Anchor, clusterBox, clusterHeight } from './cluster-box.ts';
import { html, type Markup, truncated, type Value } from './markup.ts';

/** A cluster needs half of the page to show its addresses. */
const mostColumns = 2;
const gap = 28;
const padding = 14;
const networkHeader = 34;
const wideWidth = 960;
const tallWidth = 360;
const linkHeight = 56;
const drop = 46;

/** The mesh as inline SVG: in columns for wide screens, stacked for narrow screens and for more clusters. */
export function topologyPicture(mesh: ReportMesh): Markup {
  const tall = stacked(mesh);
  if (mesh.clusters.length > mostColumns) return html`<div class="picture alone">${tall}</div>`;
  return html`<div class="picture">
    <div class="wide">${inColumns(mesh)}</div>
    <div class="tall">${tall}</div>
  </div>`;
}

function inColumns(mesh: ReportMesh): Markup {
  const networks = [...Map.groupBy(mesh.clusters, (one) => one.network)];
  const columns = mesh.clusters.length;
  const columnWidth = (wideWidth - gap * (columns - 1)) / columns;
  const boxHeight = clusterHeight(mesh, 2);
  const networkHeight = networkHeader + boxHeight + padding;
  const linkTop = networkHeight + drop;
  const drawn: Markup[] = [];
  const anchors: Anchor[] = [];
  let column = 0;
  for (const [network, clusters] of networks) {
    const x = column * (columnWidth + gap);
    const width = clusters.length * (columnWidth + gap) - gap;
    drawn.push(networkFrame(network, x, 0, width, networkHeight));
    for (const cluster of clusters) {
      const left = column++ * (columnWidth + gap) + padding;
      const place = { x: left, y: networkHeader, width: columnWidth - 2 * padding, columns: 2 } as const;
      const box = clusterBox(mesh, cluster, place);
      drawn.push(box.markup);
      anchors.push(...box.anchors);
    }
  }
  const linked = networks.length > 1;
  const wires = anchors.map(({ x, bottom, purpose, label }) => [
    html`<line class="wire ${purpose}" x1="${x}" y1="${bottom}" x2="${x}" y2="${linkTop}" />`,
    html`<text class="small mono" x="${x + 8}" y="${networkHeight + drop / 2 + 4}">${label}</text>`,
  ]);
  const parts = linked ? [drawn, wires, linkBar(mesh, linkTop, wideWidth)] : [drawn];
  return svg(mesh, wideWidth, linked ? linkTop + linkHeight : networkHeight, parts);
}

function stacked(mesh: ReportMesh): Markup {
  const networks = [...Map.groupBy(mesh.clusters, (one) => one.network)];
  const linked = networks.length > 1;
  const rail = linked ? 28 : 0;
  const width = tallWidth - rail;
  const boxHeight = clusterHeight(mesh, 1);
  let y = linked ? linkHeight + gap : 0;
  const drawn: Markup[] = [];
  const anchors: Anchor[] = [];
  for (const [network, clusters] of networks) {
    const height = networkHeader + clusters.length * (boxHeight + padding);
    drawn.push(networkFrame(network, rail, y, width, height));
    clusters.forEach((cluster, row) => {
      const top = y + networkHeader + row * (boxHeight + padding);
      const place = { x: rail + padding, y: top, width: width - 2 * padding, columns: 1 } as const;
      const box = clusterBox(mesh, cluster, place);
      drawn.push(box.markup);
      anchors.push(...box.anchors);
    });
    y += height + gap;
  }
  const parts = linked ? [drawn, rails(anchors), linkBar(mesh, 0, tallWidth)] : [drawn];
  return svg(mesh, tallWidth, y - gap, parts);
}

/** A vertical line for each purpose, left of the clusters, with a branch to each of its ends. */
function rails(anchors: Anchor[]): Markup[] {
  return [...Map.groupBy(anchors, (one) => one.purpose)].map(([purpose, ends]) => {
    const x = purpose === 'data' ? 18 : 8;
    const path = ends.map(({ left, middle }) => `M${x} ${middle}H${left}`).join('');
    const last = Math.max(...ends.map((one) => one.middle));
    return html`<path class="wire ${purpose}" d="M${x} ${linkHeight}V${last}${path}" />`;
  });
}

function networkFrame(name: string, x: number, y: number, width: number, height: number): Markup {
  return html`<rect
      class="network"
      x="${x + 0.5}"
      y="${y + 0.5}"
      width="${width - 1}"
      height="${height - 1}"
      rx="12"
    />
    <text class="small" x="${x + padding}" y="${y + 22}"
      >${truncated(`network ${name}`, width - 2 * padding, 12)}</text
    >`;
}

function linkBar(mesh: ReportMesh, y: number, width: number): Markup {
  const ports = mesh.link.map(({ port, purpose }) => `${port} (${purpose})`).join(', ');
  const known = mesh.link.length > 0;
  const title = known ? 'wide-area link' : 'between the networks';
  const detail = known ? `only TCP ${ports}` : 'not created by meshproof';
  const middle = width / 2;
  return html`<rect
      class="link"
      x="0.5"
      y="${y + 0.5}"
      width="${width - 1}"
      height="${linkHeight - 1}"
      rx="10"
    />
    <text class="strong" text-anchor="middle" x="${middle}" y="${y + 24}">${title}</text>
    <text class="small mono" text-anchor="middle" x="${middle}" y="${y + 42}"
      >${truncated(detail, width - 24, 11)}</text
    >`;
}

function svg(mesh: ReportMesh, width: number, height: number, parts: Value): Markup {
  const places = mesh.clusters.map(
    ({ name, network, region }) => `${name} in ${region} on network ${network}`,
  );
  return html`<svg
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="The mesh: cluster ${places.join(', cluster ')}"
  >
    ${parts}
  </svg>`;
}
