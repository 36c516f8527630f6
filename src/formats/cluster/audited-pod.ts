import { parseClockUs } from "../traces/time-text.js";
import type { Field } from "./field-reader.js";

/** What a line of an API server's audit log says was done to a pod. */
export interface AuditedPod {
  readonly action: "create" | "bind" | "delete";
  readonly namespace: string;
  readonly name: string;
  /** The node that it is bound to; empty when that is not told. */
  readonly node: string;
  /** What the server answered; absent in a log without bodies. */
  readonly answer: Field;
}

/** A time of the API, in microseconds since 1970; undefined when there is none. */
export function timeUsOf(field: Field): number | undefined {
  const text = field.optionalText();
  if (text === "") return undefined;
  return parseClockUs(text) ?? field.fail("a time such as 2026-01-05T10:00:00Z");
}

/** When an audited request was answered, in microseconds since 1970; undefined when that is not told. */
export function auditedTimeUs(event: Field): number | undefined {
  const answered = timeUsOf(event.member("stageTimestamp"));
  return answered ?? timeUsOf(event.member("requestReceivedTimestamp"));
}

/**
 * What an event of the audit log did to a pod
 * (`staging/src/k8s.io/apiserver/pkg/apis/audit/v1/types.go@v1.31.0`). Only what was answered with
 * success counts, at the stage ResponseComplete. A pod with `generateName` has its name in the answer
 * alone, which needs the level RequestResponse.
 *
 * @returns undefined for any other event.
 */
export function auditedPod(event: Field): AuditedPod | undefined {
  const reference = event.member("objectRef").optionalObject();
  const stage = event.member("stage").optionalText();
  const code = event.member("responseStatus").optionalObject().member("code").value;
  const isDone = typeof code !== "number" || (code >= 200 && code < 300);
  if (reference.member("resource").optionalText() !== "pods" || !isDone) return undefined;
  if (stage !== "" && stage !== "ResponseComplete") return undefined;
  const action = actionOf(
    event.member("verb").optionalText(),
    reference.member("subresource").optionalText(),
  );
  if (action === undefined) return undefined;
  const answer = event.member("responseObject").optionalObject();
  const answered = answer.member("metadata").optionalObject().member("name");
  const name = reference.member("name").optionalText() || answered.optionalText();
  if (name === "") return undefined;
  const target = event.member("requestObject").optionalObject().member("target").optionalObject();
  return {
    action,
    namespace: reference.member("namespace").optionalText() || "default",
    name,
    node: action === "bind" ? target.member("name").optionalText() : "",
    answer,
  };
}

function actionOf(verb: string, subresource: string): AuditedPod["action"] | undefined {
  if (verb === "create" && subresource === "") return "create";
  if (verb === "create" && subresource === "binding") return "bind";
  return verb === "delete" && subresource === "" ? "delete" : undefined;
}
