/** Colours and patterns of the style sheet for a canvas. Read them for each drawing, because the theme can change. */
export interface Brushes {
  /** A custom property of the page: `--ink`. */
  color: (name: string) => string;
  /** A paint by its name, with its pattern if it has one. */
  fill: (paint: string) => string | CanvasPattern;
}

/** The brushes for one drawing on `context`. A CSS pixel has `ratio` pixels of the canvas. */
export function brushesFor(context: CanvasRenderingContext2D, ratio: number): Brushes {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const known = new Map<string, string | CanvasPattern>();
  const fill = (paint: string) => {
    const made = known.get(paint) ?? patternOf(context, paint, ratio, color) ?? color(`--paint-${paint}`);
    known.set(paint, made);
    return made;
  };
  return { color, fill };
}

/** The SVG pattern of the page as a pattern for the canvas; undefined for a plain paint. */
function patternOf(
  context: CanvasRenderingContext2D,
  paint: string,
  ratio: number,
  color: (name: string) => string,
): CanvasPattern | undefined {
  const pattern = document.getElementById(`pattern-${paint}`);
  const path = pattern?.querySelector('path');
  if (!pattern || !path) return undefined;
  const size = Number(pattern.getAttribute('width'));
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = Math.round(size * ratio);
  const drawing = canvas.getContext('2d')!;
  drawing.scale(canvas.width / size, canvas.height / size);
  drawing.fillStyle = color(`--paint-${paint}`);
  drawing.fillRect(0, 0, size, size);
  drawing.strokeStyle = color('--hatch');
  drawing.lineWidth = Number(path.getAttribute('stroke-width'));
  drawing.stroke(new Path2D(path.getAttribute('d') ?? ''));
  return context.createPattern(canvas, 'repeat') ?? undefined;
}
