import type {
  LeftBehind,
  PodStory,
  StoryCommand,
  StoryRequest,
  StoryStep,
} from "../analysis/pod-story.js";
import { formatCount, formatDurationUs } from "./format-number.js";
import { printableText } from "./printable-text.js";
import { wrapped } from "./wrapped.js";

/** What a report says of a behaviour that had its part in a story. */
interface CauseLines {
  readonly behaviour: string;
  readonly meaning: string;
  readonly here: string;
  readonly instead: string;
  readonly since: readonly string[];
  readonly effect: string;
}

/** Requests of one kind in a row are told in one line from this number on. */
const RUN_MIN = 4;
const INDENT = "  ";

/** What a request is about: `ipamblocks`, `pods`. */
function resourceOf(path: string): string {
  const [bare = ""] = path.split("?", 1);
  if (!bare.startsWith("/")) return bare.split("/", 1)[0]!;
  const parts = bare.split("/").slice(bare.startsWith("/apis/") ? 4 : 3);
  return parts[0] === "namespaces" && parts.length > 2 ? parts[2]! : (parts[0] ?? bare);
}

function isAlike(step: StoryStep | undefined, first: StoryRequest): step is StoryRequest {
  if (step?.kind !== "request") return false;
  return (
    step.method === first.method &&
    step.status === first.status &&
    resourceOf(step.path) === resourceOf(first.path)
  );
}

function times(limiterWaitUs: number, durationUs: number): string {
  const took = formatDurationUs(durationUs);
  return limiterWaitUs === 0
    ? took
    : `${took} after waiting ${formatDurationUs(limiterWaitUs)} for the client's limiter`;
}

function requestLine(run: readonly StoryRequest[]): string {
  const [first] = run as [StoryRequest];
  const sum = (read: (step: StoryRequest) => number) =>
    run.reduce((total, step) => total + read(step), 0);
  const took = times(
    sum((step) => step.limiterWaitUs),
    sum((step) => step.durationUs),
  );
  const status = printableText(String(first.status));
  if (run.length === 1) return `${first.method} ${first.path}  ${status}  ${took}`;
  return `${first.method} ${resourceOf(first.path)}, ${formatCount(run.length)} requests  ${status}  ${took}`;
}

function holderText({ holder, ahead }: Extract<StoryStep, { kind: "lock asked" }>): string {
  if (holder === null) return "asks for the node's lock, which is free";
  const held = `held by the ${holder.command.toUpperCase()} of ${holder.pod}`;
  return `asks for the node's lock: ${held}, ${formatCount(ahead)} waiting before it`;
}

function commandLines(run: StoryCommand, originUs: number, tries: number): string[] {
  const at = (timeUs: number) => `+${formatDurationUs(timeUs - originUs)}`.padEnd(14);
  const name = run.command.toUpperCase();
  const lines = [
    `${at(run.startedUs)}kubelet starts CNI ${name} for sandbox ${run.sandbox}` +
      (run.command === "add" && tries > 1 ? ` (try ${tries})` : ""),
  ];
  let askedUs = 0;
  for (let i = 0; i < run.steps.length; ) {
    const step = run.steps[i]!;
    let told = 1;
    let text: string;
    switch (step.kind) {
      case "request": {
        const alike = [step];
        for (let next = run.steps[i + 1]; isAlike(next, step); next = run.steps[i + alike.length]) {
          alike.push(next);
        }
        if (alike.length >= RUN_MIN) told = alike.length;
        text = requestLine(told > 1 ? alike : [step]);
        break;
      }
      case "lock asked":
        askedUs = step.timeUs;
        text = holderText(step);
        break;
      case "lock taken":
        text = `has the lock after ${formatDurationUs(step.timeUs - askedUs)}`;
        break;
      case "lock given":
        text = "gives the lock back";
    }
    lines.push(`${at(step.timeUs)}${INDENT}${text}`);
    i += told;
  }
  lines.push(...endLines(run, at));
  return lines;
}

function endLines(run: StoryCommand, at: (timeUs: number) => string): string[] {
  const name = run.command.toUpperCase();
  if (run.endedUs === null) return [`${" ".repeat(14)}CNI ${name} still runs at the end`];
  const failed = run.killed || run.error !== null;
  const parts = [
    `${formatDurationUs(run.lockWaitUs)} lock`,
    `${formatDurationUs(run.limiterWaitUs)} limiter`,
    `${formatDurationUs(run.datastoreUs)} datastore`,
    `${formatCount(run.requests)} datastore requests`,
  ];
  const how = run.killed ? "is killed by the runtime" : failed ? "fails" : "succeeds";
  const took = formatDurationUs(run.endedUs - run.startedUs);
  const lines = [`${at(run.endedUs)}CNI ${name} ${how} after ${took}: ${parts.join(", ")}`];
  if (run.kubeletText !== null) {
    lines.push(`${" ".repeat(14)}${INDENT}kubelet: ${printableText(run.kubeletText)}`);
  }
  if (run.nextTryUs !== null) {
    const pause = formatDurationUs(run.nextTryUs - run.endedUs);
    lines.push(`${at(run.endedUs)}kubelet pauses for ${pause}`);
  }
  return lines;
}

function leftBehindText({ handle, hasObject, addresses, sandbox }: LeftBehind): string {
  const held = `held by nobody at the end of the run (ADD for ${sandbox})`;
  const what = addresses.join(" and ");
  if (addresses.length === 0) return `handle ${handle} without an address, ${held}`;
  if (hasObject) return `handle ${handle} with ${what}, ${held}`;
  return `${what} of handle ${handle}, which is not there so that no DEL finds it, ${held}`;
}

/** One pod's story, step by step; times count from when the schedule wanted the pod. */
export function storyText(
  story: PodStory & { readonly causes: readonly CauseLines[] },
  width: number,
): string {
  const { pod, namespace, node, intendedUs, startedUs, readyUs, commands, leftBehind, causes } =
    story;
  const adds = commands.filter(({ command }) => command === "add");
  const wanted = `wanted at ${formatDurationUs(intendedUs)}`;
  const ready =
    readyUs === null
      ? "network never ready"
      : `network ready ${formatDurationUs(readyUs - intendedUs)} later`;
  const lines = [
    `pod ${namespace}/${pod} on ${node}: ${wanted}, ${ready}, ` +
      `${formatCount(adds.length)} ADD${adds.length === 1 ? "" : "s"}`,
  ];
  if (startedUs > intendedUs) {
    lines.push(`+${formatDurationUs(startedUs - intendedUs)}`.padEnd(14) + "got a node");
  }
  let tries = 0;
  for (const run of commands) {
    if (run.command === "add") tries++;
    lines.push(...commandLines(run, intendedUs, tries));
  }
  for (const leak of leftBehind) {
    lines.push(...wrapped("left behind", leftBehindText(leak), Math.max(width, 60)));
  }
  for (const { behaviour, meaning, here, instead, since, effect } of causes) {
    const text =
      `${meaning} (${behaviour}): ${here} in this release, ${instead} since ${since.join(", ")}; ` +
      effect;
    lines.push(...wrapped("otherwise", text, Math.max(width, 60)));
  }
  return `${lines.join("\n")}\n`;
}
