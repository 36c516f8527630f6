import type { CallRecord } from "../datastore/call-record.js";
import type { Datastore } from "../datastore/datastore.js";
import type { DatastoreRequest } from "../datastore/request.js";
import type { Response } from "../datastore/response.js";
import { CallCounts } from "./call-counts.js";

/** Counts calls: all since the last reset, and by verb and kind since the start. */
export class CountingDatastore implements Datastore {
  /** Calls since the caller last set it to 0. */
  calls = 0;
  readonly counts = new CallCounts();

  /** @param record takes note of every call, when there is one. */
  constructor(
    private readonly inner: Datastore,
    private readonly record?: CallRecord,
  ) {}

  perform(request: DatastoreRequest): Response {
    this.calls++;
    this.counts.note(request);
    const response = this.inner.perform(request);
    this.record?.noteCall(request, response);
    return response;
  }
}
