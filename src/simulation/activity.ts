/** Something that can be woken at a time it asked for. */
export interface Activity {
  /** Called by the kernel when the time has come; may schedule itself and others again. */
  wake(): void;
}
