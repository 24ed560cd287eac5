import type { PictureData } from '../picture/picture-data.ts';
import { latencyText, secondsText } from '../picture/steps.ts';
import { readingsIn, zoomButtons } from './controls.ts';
import { latencyOptions, rateOptions, type Controls } from './plots.ts';
import { dragByTouch } from './touch.ts';
import { latencyData, rateData, viewOf, type View } from './view.ts';

let pictures = 0;

/** Two plots with zoom, which replace the still of a figure. */
export class Picture implements Controls {
  readonly #data: PictureData;
  readonly #charts: HTMLElement;
  readonly #readout: HTMLElement;
  readonly #readings: ReturnType<typeof readingsIn>;
  readonly #zooms: ReturnType<typeof zoomButtons>;
  readonly #rate: uPlot;
  readonly #latency: uPlot;
  #view: View;

  constructor(figure: HTMLElement) {
    const part = (selector: string) => figure.querySelector<HTMLElement>(selector)!;
    const data = JSON.parse(part('script[type="application/json"]').textContent) as PictureData;
    this.#data = data;
    this.#charts = part('.charts');
    this.#readout = part('.at');
    this.#readings = readingsIn(figure, data.rows.length);
    const width = this.#width();
    this.#view = viewOf(data, 0, data.endMs, width);
    const sync = `picture-${++pictures}`;
    const rates = rateData(this.#data, this.#view);
    this.#rate = new uPlot(rateOptions(data, width, sync, this), rates, part('.rate'));
    const latencies = latencyData(this.#data, this.#view);
    this.#latency = new uPlot(latencyOptions(data, width, sync, this), latencies, part('.latency'));
    this.#zooms = zoomButtons(data, (fromMs, toMs) => this.zoom(fromMs, toMs));
    this.#readout.before(this.#zooms.list);
    for (const still of figure.querySelectorAll<HTMLElement>('.still')) still.hidden = true;
    for (const { over } of this.#plots()) dragByTouch(over);
    this.reset();
    new ResizeObserver(() => this.#followWidth()).observe(this.#charts);
  }

  steps(): View {
    return this.#view;
  }

  zoom(fromMs: number, toMs: number): void {
    this.#view = viewOf(this.#data, fromMs, toMs, this.#width());
    this.#rate.setData(rateData(this.#data, this.#view), false);
    this.#latency.setData(latencyData(this.#data, this.#view), false);
    const shown = { min: this.#view.fromMs, max: this.#view.toMs };
    for (const plot of this.#plots()) plot.setScale('x', shown);
    this.#zooms.mark(shown.min, shown.max);
    this.pointAt(null);
  }

  reset(): void {
    this.zoom(0, this.#data.endMs);
  }

  pointAt(ms: number | null): void {
    const { stepMs, rates, latency } = this.#view;
    if (ms === null) {
      this.#readout.textContent = `Steps of ${spanText(stepMs)}. Drag to zoom, double-click to reset.`;
      this.#readings.rest();
      return;
    }
    const step = Math.min(Math.max(0, Math.floor(ms / stepMs)), Math.ceil(this.#data.endMs / stepMs) - 1);
    const [from, to] = [step, step + 1].map((one) => secondsText(one * stepMs, stepMs));
    this.#readout.textContent = `From ${from} to ${to}`;
    this.#readings.show(
      rates.map((row) => row[step]),
      latency.map((row) => row[step]),
    );
  }

  /** Draws again with the colours of the current theme. */
  redraw(): void {
    for (const plot of this.#plots()) plot.redraw(false);
  }

  #plots(): uPlot[] {
    return [this.#rate, this.#latency];
  }

  #width(): number {
    return Math.max(200, Math.floor(this.#charts.clientWidth));
  }

  /** Fits the plots to the width of the page, unless they are folded. */
  #followWidth(): void {
    const width = this.#width();
    if (this.#charts.clientWidth === 0 || this.#plots().every((plot) => plot.width === width)) return;
    for (const plot of this.#plots()) plot.setSize({ width, height: plot.height });
    this.zoom(this.#view.fromMs, this.#view.toMs);
  }
}

/** `50 ms`, `0.2 s`, `2 s`. */
function spanText(ms: number): string {
  return ms < 1000 ? `${Number(ms.toFixed(3))} ms` : latencyText(ms);
}
