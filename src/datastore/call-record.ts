import type { AddressNumber } from "../model/address.js";
import type { DatastoreRequest } from "./request.js";
import type { Response } from "./response.js";

/** Who takes note of the datastore calls of a run, in their order, and of the addresses given out. */
export interface CallRecord {
  noteCall(request: DatastoreRequest, response: Response): void;
  noteAddress(address: AddressNumber): void;
}

/** Tells each of several. */
export class CallRecords implements CallRecord {
  constructor(private readonly records: readonly CallRecord[]) {}

  noteCall(request: DatastoreRequest, response: Response): void {
    for (const record of this.records) record.noteCall(request, response);
  }

  noteAddress(address: AddressNumber): void {
    for (const record of this.records) record.noteAddress(address);
  }
}
