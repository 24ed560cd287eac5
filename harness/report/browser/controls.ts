import { bandName } from '../picture/marks.ts';
import type { PictureData } from '../picture/picture-data.ts';
import { latencyText, secondsText } from '../picture/steps.ts';

/** The margin before and after a zoomed band, as a share of its length. */
const around = 0.2;

/** An unstable mesh has many outages: only the longest have a button. */
const mostButtons = 6;

/** The numbers in the legend: of the whole run, or at the pointer. */
export function readingsIn(figure: HTMLElement, rows: number) {
  const rateCells = [...figure.querySelectorAll<HTMLElement>('.of-rate .n')];
  const latencyCells = [...figure.querySelectorAll<HTMLElement>('.of-latency .n')];
  const whole = rateCells.map((cell) => cell.textContent);
  const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
  return {
    /** Requests a second by row, and latencies, both in the order of the legend. */
    show(rates: (number | undefined)[], latencies: (number | null | undefined)[]): void {
      rateCells
        .slice(0, rows)
        .forEach((cell, row) => (cell.textContent = `${number.format(rates[row] ?? 0)}/s`));
      latencyCells.forEach((cell, line) => {
        const ms = latencies[line] ?? null;
        cell.textContent = ms === null ? 'none' : latencyText(ms);
      });
    },
    rest(): void {
      rateCells.forEach((cell, row) => (cell.textContent = whole[row] ?? ''));
      latencyCells.forEach((cell) => (cell.textContent = ''));
    },
  };
}

/** Buttons that show the whole run, or a band with its surroundings, for keyboards and touch screens. */
export function zoomButtons(data: PictureData, show: (fromMs: number, toMs: number) => void) {
  const list = document.createElement('div');
  list.className = 'zooms';
  const chosen = longest(data.bands, mostButtons - 1);
  const names = chosen.map(({ kind, label }) => bandName(kind, label));
  const views = [
    { name: 'Whole run', fromMs: 0, toMs: data.endMs },
    ...chosen.map(({ fromMs, toMs }, index) => {
      const margin = Math.max((toMs - fromMs) * around, 20 * data.slotMs);
      const alone = names.filter((name) => name === names[index]).length === 1;
      const name = alone ? names[index]! : `${names[index]}, ${secondsText(fromMs, 10)}`;
      return { name, fromMs: Math.max(0, fromMs - margin), toMs: Math.min(data.endMs, toMs + margin) };
    }),
  ];
  const buttons = views.map(({ name, fromMs, toMs }) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = name;
    button.addEventListener('click', () => show(fromMs, toMs));
    list.append(button);
    return button;
  });
  const mark = (fromMs: number, toMs: number) => {
    const shown = views.findIndex(
      (one) => Math.abs(one.fromMs - fromMs) < 1 && Math.abs(one.toMs - toMs) < 1,
    );
    buttons.forEach((button, index) => button.setAttribute('aria-pressed', String(index === shown)));
  };
  return { list, mark };
}

/** The longest bands, in their original order. */
function longest(bands: PictureData['bands'], most: number): PictureData['bands'] {
  const chosen = bands.toSorted((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs)).slice(0, most);
  return bands.filter((band) => chosen.includes(band));
}
