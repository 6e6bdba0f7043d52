// Faults on a mirror, for a test: rules added, switched and removed while it runs, with counters that show whether they
// were met. Each takes effect on the next operation.
import type { Fault } from '../../shared/api.ts';
import type { FaultRule } from '../../shared/fault.ts';
import { call, type ServerAddress } from './api.ts';

export class Faults {
  readonly #server: ServerAddress;
  readonly #mount: { mount: string };

  /** @param mountId the mirror, as the server numbers it. */
  constructor(server: ServerAddress, mountId: number) {
    this.#server = server;
    this.#mount = { mount: String(mountId) };
  }

  /** Adds a rule. `FAULT_MODES.FailEveryNth(3)` is one. @throws RequestError where it is no rule, or no mirror. */
  add(rule: FaultRule): Promise<Fault> {
    return call(this.#server, 'POST', '/api/faults', { body: { ...this.#mount, rule } });
  }

  /** All rules, with their counters: `matches`, `hits`, and `held` now. */
  async list(): Promise<Fault[]> {
    const query = this.#mount;
    return (await call<{ items: Fault[] }>(this.#server, 'GET', '/api/faults', { query })).items;
  }

  /** One rule. @throws where there is none of that id. */
  async get(id: string): Promise<Fault> {
    const found = (await this.list()).find((fault) => fault.id === id);
    if (!found) throw new Error(`there is no fault ${id} on this mirror`);
    return found;
  }

  /** Off lets go what waits by it; its counters stay. */
  switch(id: string, on: boolean): Promise<Fault> {
    return this.#ask('PATCH', id, { enabled: on });
  }

  async remove(id: string): Promise<void> {
    await this.#ask('DELETE', id);
  }

  /** Lets operations go on that a rule holds. @returns how many. */
  async release(id: string): Promise<number> {
    return (await this.#ask<{ released: number }>('POST', `${id}/release`, {})).released;
  }

  /** Healthy again: every rule is removed, and everything goes on. */
  async clear(): Promise<void> {
    await call(this.#server, 'DELETE', '/api/faults', { query: this.#mount });
  }

  #ask<T>(method: 'PATCH' | 'DELETE' | 'POST', id: string, body?: object): Promise<T> {
    return call(this.#server, method, `/api/faults/${id}`, { query: this.#mount, body });
  }
}
