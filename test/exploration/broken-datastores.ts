import type { Datastore } from "../../src/datastore/datastore.js";
import type { MemoryDatastore } from "../../src/datastore/memory.js";
import { DatastoreRequest } from "../../src/datastore/request.js";
import { CalicoError } from "../../src/model/calico-error.js";

function withRevision(request: DatastoreRequest, revision: number): DatastoreRequest {
  const { verb, kind, name, cidr, owner, version, value, context } = request;
  return new DatastoreRequest(verb, kind, name, cidr, owner, version, value, revision, context);
}

/** A datastore that no longer compares revisions for one verb, as if compare-and-swap were broken. */
function ignoringRevisions(verb: "update" | "delete") {
  return (memory: MemoryDatastore): Datastore => ({
    perform: (request) => {
      if (request.verb !== verb || request.kind !== "block") return memory.perform(request);
      const { cidr } = request;
      const stored = memory.listBlocks().find((entry) => entry.value.cidr.text === cidr!.text);
      return memory.perform(withRevision(request, stored?.revision ?? 0));
    },
  });
}

/** A datastore that answers a block update with success and forgets it, every third time. */
function losingUpdates(memory: MemoryDatastore): Datastore {
  let count = 0;
  return {
    perform: (request) => {
      const isLost = request.verb === "update" && request.kind === "block" && ++count % 3 === 0;
      return isLost
        ? { value: request.value, revision: request.revision }
        : memory.perform(request);
    },
  };
}

/** A datastore whose create overwrites a block that is there already. */
function overwriting(memory: MemoryDatastore): Datastore {
  return {
    perform: (request) => {
      const answer = memory.perform(request);
      const isRefused = request.verb === "create" && request.kind === "block";
      if (!isRefused || !(answer instanceof CalicoError)) return answer;
      const { cidr } = request;
      const stored = memory.listBlocks().find((entry) => entry.value.cidr.text === cidr!.text)!;
      const { name, owner, version, value, context, kind } = request;
      return memory.perform(
        new DatastoreRequest(
          "update",
          kind,
          name,
          cidr,
          owner,
          version,
          value,
          stored.revision,
          context,
        ),
      );
    },
  };
}

/** Datastores with one defect each, which exploration has to notice. */
export const BROKEN_DATASTORES: readonly (readonly [
  name: string,
  wrap: (memory: MemoryDatastore) => Datastore,
])[] = [
  ["updates ignore revisions", ignoringRevisions("update")],
  ["deletions ignore revisions", ignoringRevisions("delete")],
  ["updates get lost", losingUpdates],
  ["creations overwrite", overwriting],
];
