import { Picture } from './picture.ts';

/** Draws each picture once, when it becomes visible, so that a page with fifty pictures opens fast. */
function drawInSight(): void {
  const drawn: Picture[] = [];
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        observer.unobserve(target);
        drawn.push(new Picture(target as HTMLElement));
      }
    },
    { rootMargin: '200px' },
  );
  for (const charts of document.querySelectorAll('.experiment:has(.charts)')) observer.observe(charts);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
    drawn.forEach((picture) => picture.redraw()),
  );
}

drawInSight();
