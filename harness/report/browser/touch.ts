const mouseOf = {
  pointerdown: 'mousedown',
  pointermove: 'mousemove',
  pointerup: 'mouseup',
  pointercancel: 'mouseup',
};

/** uPlot handles only mouse events. Translates horizontal touches to mouse events; vertical touches scroll the page. */
export function dragByTouch(over: HTMLElement): void {
  for (const [pointer, mouse] of Object.entries(mouseOf))
    over.addEventListener(pointer, (event) => {
      const { pointerType, clientX, clientY } = event as PointerEvent;
      if (pointerType !== 'touch') return;
      // uPlot ignores a move of 0, because Chrome sends such events without a movement.
      const moved = { clientX, clientY, movementX: 1 };
      over.dispatchEvent(new MouseEvent(mouse, { ...moved, bubbles: true, button: 0, buttons: 1 }));
    });
}
