import type { ClockReading } from '../kube/kube-reader.ts';
import { PodHttp } from '../kube/pod-http.ts';

/** Something that answers with pages. */
export interface Pages {
  /** The body of a page. Throws if the page does not exist. */
  body(path: string): Promise<string>;
}

/** HTTP to one port of one pod, which notes the clock of the pod's node on the way. Dispose it when done. */
export class PodView extends PodHttp implements Pages {
  readonly clock: ClockReading[] = [];

  /** The body of an answer. Throws as {@link PodHttp.ask} does. */
  async body(path: string): Promise<string> {
    const sentMs = Date.now();
    const { text, date } = await this.answer(path);
    this.clock.push({ date, sentMs, receivedMs: Date.now() });
    return text;
  }
}
