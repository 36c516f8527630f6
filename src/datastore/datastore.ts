import type { DatastoreRequest } from "./request.js";
import type { Response } from "./response.js";

/** A driver that answers at once. Drivers that take time have interfaces of their own. */
export interface Datastore {
  perform(request: DatastoreRequest): Response;
}
