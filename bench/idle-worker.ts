import {
  type Allocator,
  AssignStatus,
  BlockStatus,
  ReleaseStatus,
} from "../src/allocator/allocator.js";
import { TakenAddresses } from "../src/allocator/taken-addresses.js";
import { performJob, type ThreadJob } from "../src/load/thread-job.js";

/** What piscina calls: performs a job with an allocator that does nothing. */
export default function work(job: ThreadJob): void {
  performJob(
    job,
    (_, memory): Allocator => ({
      taken: new TakenAddresses(memory, job.thread),
      poolsWalked: 0,
      claimedCount: 0,
      claimed: new Int32Array(0),
      assign: () => AssignStatus.complete,
      releaseByHandle: () => ReleaseStatus.released,
      releaseAddress: () => ReleaseStatus.released,
      claimBlock: () => BlockStatus.done,
      releaseBlock: () => BlockStatus.done,
    }),
  );
}
