import type { Peer } from '../../../rpc/peer.ts';
import type { Event, OwnParamsOf, ResultOf } from '../../../schemas/index.ts';
import type { FakeContext, FakeDaemon } from './fake-daemon.ts';

const batchEvents = 50;
/** More than the system buffers, so that a drain is sure to come. */
const unsentBytes = 512 * 1024;

/** A position in the log of a fake daemon. It sends while little is unsent and waits for drain, as the contract says. */
export class FakeSubscription {
  readonly #daemon: FakeDaemon;
  readonly #peer: Peer<FakeContext>;
  readonly #params: OwnParamsOf<'event.subscribe'>;
  readonly #fresh: boolean;
  #position: number;

  constructor(daemon: FakeDaemon, peer: Peer<FakeContext>, params: OwnParamsOf<'event.subscribe'>) {
    this.#daemon = daemon;
    this.#peer = peer;
    this.#params = params;
    const [epoch, seq] = (params.after ?? daemon.cursor).split(':');
    this.#fresh = epoch !== daemon.epoch || Number(seq) + 1 < daemon.oldest;
    this.#position = this.#fresh ? daemon.log.length : Number(seq);
    peer.onDrain(() => this.pump());
  }

  /** How many events of the log were sent. */
  get position(): number {
    return this.#position;
  }

  opening(initial: boolean): ResultOf<'event.subscribe'> {
    const cursor = `${this.#daemon.epoch}:${this.#position}`;
    return { subscriptionId: 'sub1', cursor, fresh: this.#fresh, ...(initial ? { snapshot: { sessions: [] } } : {}) };
  }

  pump(): void {
    while (this.#position < this.#daemon.log.length && this.#peer.unsentBytes < unsentBytes && !this.#peer.isClosed) {
      const page = this.#daemon.log.slice(this.#position, this.#position + batchEvents);
      this.#position += page.length;
      this.#send(page.filter((event) => this.#wants(event)));
    }
  }

  ephemeral(event: Event): void {
    if (this.#wants(event)) this.#send([event]);
  }

  notify(method: string, params: Record<string, unknown>): void {
    this.#peer.notify(method, { subscriptionId: 'sub1', ...params });
  }

  #send(events: readonly Event[]): void {
    if (events.length > 0) this.notify('event', { cursor: `${this.#daemon.epoch}:${this.#position}`, events });
  }

  #wants(event: Event): boolean {
    const { types, subject, output } = this.#params;
    if (event.type === 'session.outputGrew' && !output) return false;
    const fits = types?.some((glob) => new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(event.type)) ?? true;
    return fits && Object.entries(subject ?? {}).every(([key, id]) => event.subject[key as 'sessionId'] === id);
  }
}
