;; What an assignment from a node's own block and a release do, on the memory drawn in layout.ts. All
;; of it are compare-and-swaps with bounded retry or with help for whoever was faster; no step waits
;; for another thread. `row.field` after `offset=` is replaced by the place of that word in its row,
;; and `constant.name` by a number, so that layout.ts and block-state.ts alone say them; a function of
;; one expression is put in the place of its calls, which V8 does not do (test/allocator/build-core.ts).
;; What is read only to be the expectation of a compare-and-swap is read plainly.
(module
  (import "memory" "memory" (memory 1 65536 shared))
  ;; Places in bytes: of the tables, and of this thread's scratch words.
  (import "places" "nodes" (global $nodes i32))
  (import "places" "blocks" (global $blocks i32))
  (import "places" "handles" (global $handles i32))
  (import "places" "overflow" (global $overflow i32))
  (import "places" "scratch" (global $scratch i32))
  ;; Places in words: of the addresses that this thread took.
  (import "places" "takenBlocks" (global $takenBlocks i32))
  (import "places" "takenOrdinals" (global $takenOrdinals i32))
  (import "sizes" "blockCount" (global $blockCount i32))
  (import "sizes" "overflowCount" (global $overflowCount i32))

  (func $blockRow (param $block i32) (result i32)
    (i32.add (global.get $blocks) (i32.shl (local.get $block) (i32.const constant.blockRowShift))))

  (func $nodeRow (param $node i32) (result i32)
    (i32.add (global.get $nodes) (i32.shl (local.get $node) (i32.const constant.nodeRowShift))))

  (func $handleRow (param $handle i32) (result i32)
    (i32.add (global.get $handles) (i32.shl (local.get $handle) (i32.const constant.handleRowShift))))

  (func $overflowRow (param $link i32) (result i32)
    (i32.add
      (global.get $overflow)
      (i32.shl
        (i32.sub (local.get $link) (i32.const 1))
        (i32.const constant.overflowRowShift))))

  ;; Address of the word at this place in words, as rows of blocks name their ring and their holders.
  (func $wordAt (param $first i32) (param $index i32) (result i32)
    (i32.shl (i32.add (local.get $first) (local.get $index)) (i32.const 2)))

  ;; Address of the slot of this turn in the ring at this place in words.
  (func $slotAt (param $ring i32) (param $turn i64) (param $mask i32) (result i32)
    (i32.add
      (i32.shl (local.get $ring) (i32.const 2))
      (i32.shl
        (i32.and (i32.wrap_i64 (local.get $turn)) (local.get $mask))
        (i32.const 3))))

  (func $freeOf (param $state i64) (result i32)
    (i32.and
      (i32.shr_u (i32.wrap_i64 (local.get $state)) (i32.const constant.freeShift))
      (i32.const constant.freeMask)))

  (func $tailOf (param $state i64) (result i64)
    (i64.add
      (i64.shr_u (local.get $state) (i64.const constant.counterShift))
      (i64.extend_i32_u (call $freeOf (local.get $state)))))

  (func $countConflict (param $row i32)
    (i32.store offset=scratch.retries
      (global.get $scratch)
      (i32.add (i32.load offset=scratch.retries (global.get $scratch)) (i32.const 1)))
    (drop (i64.atomic.rmw.add offset=block.conflicts (local.get $row) (i64.const 1))))

  ;; Takes up to `wanted` ordinals from the front of the ring to the thread's taken addresses, from
  ;; place `first` on, and notes who holds them. `node` must own the block, unless it is negative.
  ;; Returns how many, plus EMPTIED if the block is full now; NOT_OWNED; or GAVE_UP.
  (func $take (export "take")
    (param $block i32) (param $wanted i32) (param $node i32) (param $holder i32) (param $first i32)
    (result i32)
    (local $row i32) (local $ring i32) (local $held i32) (local $mask i32)
    (local $left i32) (local $state i64) (local $free i32) (local $head i64) (local $i i32)
    (local.set $row (call $blockRow (local.get $block)))
    (local.set $ring (i32.load offset=block.ring (local.get $row)))
    (local.set $held (i32.load offset=block.held (local.get $row)))
    (local.set $mask
      (i32.sub
        (i32.shl (i32.const 1) (i32.load offset=block.bits (local.get $row)))
        (i32.const 1)))
    (local.set $left (i32.const constant.retries))
    (loop $again
      (local.set $state (i64.atomic.load offset=block.state (local.get $row)))
      (if (i64.eqz (i64.and (local.get $state) (i64.const constant.live)))
        (then (return (i32.const 0))))
      ;; Read after the state, and it cannot change without the state's doing so.
      (if (i32.and
            (i32.ge_s (local.get $node) (i32.const 0))
            (i32.ne
              (i32.load offset=block.owner (local.get $row))
              (i32.or
                (i32.shl (i32.add (local.get $node) (i32.const 1)) (i32.const 3))
                (i32.const constant.confirmed))))
        (then (return (i32.const constant.notOwned))))
      (local.set $free (call $freeOf (local.get $state)))
      (if (i32.eqz (local.get $free)) (then (return (i32.const 0))))
      (if (i32.gt_u (local.get $wanted) (local.get $free))
        (then (local.set $wanted (local.get $free))))
      (local.set $head
        (i64.shr_u (local.get $state) (i64.const constant.counterShift)))
      (local.set $i (i32.const 0))
      (loop $read
        (i32.store
          (call $wordAt
            (global.get $takenOrdinals)
            (i32.add (local.get $first) (local.get $i)))
          (i32.and
            (i32.load
              (call $slotAt
                (local.get $ring)
                (i64.add (local.get $head) (i64.extend_i32_u (local.get $i)))
                (local.get $mask)))
            (local.get $mask)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $read (i32.lt_u (local.get $i) (local.get $wanted))))
      ;; The head goes up by as much as the free count goes down.
      (if (i64.eq
            (local.get $state)
            (i64.atomic.rmw.cmpxchg offset=block.state
              (local.get $row)
              (local.get $state)
              (i64.add
                (local.get $state)
                (i64.mul
                  (i64.extend_i32_u (local.get $wanted))
                  (i64.const constant.oneTaken)))))
        (then
          (local.set $i (i32.const 0))
          (loop $note
            (i32.store
              (call $wordAt
                (global.get $takenBlocks)
                (i32.add (local.get $first) (local.get $i)))
              (local.get $block))
            (i32.store
              (call $wordAt
                (local.get $held)
                (i32.load
                  (call $wordAt
                    (global.get $takenOrdinals)
                    (i32.add (local.get $first) (local.get $i)))))
              (local.get $holder))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $note (i32.lt_u (local.get $i) (local.get $wanted))))
          (return
            (i32.or
              (local.get $wanted)
              (select
                (i32.const constant.emptied)
                (i32.const 0)
                (i32.eq (local.get $wanted) (local.get $free)))))))
      (call $countConflict (local.get $row))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i32.const constant.gaveUp))

  ;; Counts the slot at the tail of this state in; whether nothing had changed.
  (func $countIn (param $row i32) (param $state i64) (result i32)
    (i64.eq
      (local.get $state)
      (i64.atomic.rmw.cmpxchg offset=block.state
        (local.get $row)
        (local.get $state)
        (i64.add (local.get $state) (i64.const constant.oneFree)))))

  ;; Takes an ordinal from its holder and returns it to the end of the ring: fills the slot behind the
  ;; tail, then counts it in. A slot that another thread has filled is counted in for it.
  ;; Returns 0 when it is not held by this holder (any more), 1, or SPACE when the block was full.
  (func $give (export "give")
    (param $block i32) (param $ordinal i32) (param $holder i32)
    (result i32)
    (local $row i32) (local $mask i32) (local $state i64) (local $tail i64) (local $slot i32)
    (local $before i64) (local $word i32)
    (local.set $row (call $blockRow (local.get $block)))
    (local.set $mask
      (i32.sub
        (i32.shl (i32.const 1) (i32.load offset=block.bits (local.get $row)))
        (i32.const 1)))
    (local.set $word
      (call $wordAt (i32.load offset=block.held (local.get $row)) (local.get $ordinal)))
    (if (i32.ne
          (i32.atomic.rmw.cmpxchg (local.get $word) (local.get $holder) (i32.const 0))
          (local.get $holder))
      (then (return (i32.const 0))))
    (loop $again
      (local.set $state (i64.atomic.load offset=block.state (local.get $row)))
      (local.set $tail (call $tailOf (local.get $state)))
      (local.set $slot
        (call $slotAt
          (i32.load offset=block.ring (local.get $row))
          (local.get $tail)
          (local.get $mask)))
      (local.set $before (i64.atomic.load (local.get $slot)))
      ;; The slot belongs to the state only if the state still holds now.
      (if (i64.ne (i64.atomic.load offset=block.state (local.get $row)) (local.get $state))
        (then (call $countConflict (local.get $row)) (br $again)))
      (if (i64.eq
            (i64.shr_u (local.get $before) (i64.const constant.counterShift))
            (local.get $tail))
        (then
          (drop (call $countIn (local.get $row) (local.get $state)))
          (br $again)))
      (if (i64.ne
            (i64.atomic.rmw.cmpxchg
              (local.get $slot)
              (local.get $before)
              (i64.or
                (i64.shl (local.get $tail) (i64.const constant.counterShift))
                (i64.extend_i32_u (local.get $ordinal))))
            (local.get $before))
        (then (call $countConflict (local.get $row)) (br $again))))
    (loop $publish
      ;; Another thread has counted it in.
      (if (i64.ne (call $tailOf (local.get $state)) (local.get $tail))
        (then (return (i32.const constant.space))))
      (if (call $countIn (local.get $row) (local.get $state))
        (then
          (return
            (select
              (i32.const 1)
              (i32.const constant.space)
              (call $freeOf (local.get $state))))))
      (call $countConflict (local.get $row))
      (local.set $state (i64.atomic.load offset=block.state (local.get $row)))
      (br $publish))
    (unreachable))

  ;; Makes an empty block dead whose flags and owner are these; whether it did. The owner is read after
  ;; the state, and a state never comes back, so both were so when the state was swapped.
  (func $close (export "close")
    (param $block i32) (param $flags i32) (param $owner i32)
    (result i32)
    (local $row i32) (local $state i64)
    (local.set $row (call $blockRow (local.get $block)))
    (loop $again
      (local.set $state (i64.atomic.load offset=block.state (local.get $row)))
      (if (i32.or
            (i32.ne
              (i32.and (i32.wrap_i64 (local.get $state)) (i32.const constant.flags))
              (local.get $flags))
            (i32.ne
              (i32.atomic.load offset=block.owner (local.get $row))
              (local.get $owner)))
        (then (return (i32.const 0))))
      (if (i32.ne
            (call $freeOf (local.get $state))
            (i32.load offset=block.capacity (local.get $row)))
        (then (return (i32.const 0))))
      (if (i64.eq
            (local.get $state)
            (i64.atomic.rmw.cmpxchg offset=block.state
              (local.get $row)
              (local.get $state)
              (i64.sub (local.get $state) (i64.extend_i32_u (local.get $flags)))))
        (then (return (i32.const 1))))
      (call $countConflict (local.get $row))
      (br $again))
    (unreachable))

  ;; Takes the mark of an affinity off a block's state.
  (func $disown (export "disown") (param $block i32)
    (drop
      (i64.atomic.rmw.and offset=block.state
        (call $blockRow (local.get $block))
        (i64.const constant.allButOwned))))

  ;; Counts the 64-bit counter at this word up.
  (func $countUp (export "countUp") (param $word i32)
    (drop (i64.atomic.rmw.add (i32.shl (local.get $word) (i32.const 2)) (i64.const 1))))

  ;; Writes a state, of a block that nobody else may write to.
  (func $setState (export "setState") (param $block i32) (param $low i32) (param $high i32)
    (i64.atomic.store offset=block.state
      (call $blockRow (local.get $block))
      (i64.or
        (i64.extend_i32_u (local.get $low))
        (i64.shl (i64.extend_i32_u (local.get $high)) (i64.const 32)))))

  ;; The entry after this one of the handle with this row, or 0.
  (func $nextEntry (param $row i32) (param $entryAt i32) (result i32)
    (local $link i32)
    (local.set $link
      (if (result i32) (i32.eq (local.get $entryAt) (local.get $row))
        (then (i32.load offset=handle.more (local.get $row)))
        (else (i32.load offset=overflow.next (local.get $entryAt)))))
    (if (i32.eqz (local.get $link)) (then (return (i32.const 0))))
    (call $overflowRow (local.get $link)))

  (func $isAbout (param $entry i32) (param $block i32) (result i32)
    (i32.eq
      (i32.shr_u (local.get $entry) (i32.const constant.countBits))
      (i32.add (local.get $block) (i32.const 1))))

  ;; Counts a handle up. Returns DONE, TABLE_FULL or TOO_MANY.
  (func $increment (export "increment")
    (param $handle i32) (param $block i32) (param $more i32)
    (result i32)
    (local $row i32) (local $at i32) (local $entry i32) (local $seen i32) (local $unused i32)
    (local.set $row (call $handleRow (local.get $handle)))
    (local.set $at (local.get $row))
    (loop $entries
      (local.set $entry (i32.load (local.get $at)))
      (block $other
        (loop $again
          (br_if $other (i32.eqz (call $isAbout (local.get $entry) (local.get $block))))
          (if (i32.gt_u
                (i32.add
                  (i32.and (local.get $entry) (i32.const constant.countMax))
                  (local.get $more))
                (i32.const constant.countMax))
            (then (return (i32.const constant.tooMany))))
          (local.set $seen
            (i32.atomic.rmw.cmpxchg
              (local.get $at)
              (local.get $entry)
              (i32.add (local.get $entry) (local.get $more))))
          (if (i32.eq (local.get $seen) (local.get $entry))
            (then (return (i32.const constant.done))))
          (local.set $entry (local.get $seen))
          (br $again)))
      (if (i32.eqz (i32.or (local.get $entry) (local.get $unused)))
        (then (local.set $unused (local.get $at))))
      (br_if $entries
        (local.tee $at (call $nextEntry (local.get $row) (local.get $at)))))
    (if (i32.gt_u (local.get $more) (i32.const constant.countMax))
      (then (return (i32.const constant.tooMany))))
    (local.set $entry
      (i32.or
        (i32.shl
          (i32.add (local.get $block) (i32.const 1))
          (i32.const constant.countBits))
        (local.get $more)))
    (if (local.get $unused)
      (then
        (if (i32.eqz
              (i32.atomic.rmw.cmpxchg (local.get $unused) (i32.const 0) (local.get $entry)))
          (then (return (i32.const constant.done))))))
    (call $addEntry (local.get $row) (local.get $entry)))

  (func $addEntry (param $row i32) (param $entry i32) (result i32)
    (local $index i32) (local $at i32) (local $link i32) (local $seen i32)
    ;; Looked at first, so that attempts on a full table do not count it up for ever.
    (if (i32.ge_s
          (i32.atomic.load offset=header.overflowUsed (i32.const 0))
          (global.get $overflowCount))
      (then (return (i32.const constant.tableFull))))
    (local.set $index
      (i32.atomic.rmw.add offset=header.overflowUsed (i32.const 0) (i32.const 1)))
    (if (i32.ge_s (local.get $index) (global.get $overflowCount))
      (then (return (i32.const constant.tableFull))))
    (local.set $at (call $overflowRow (i32.add (local.get $index) (i32.const 1))))
    (i32.atomic.store (local.get $at) (local.get $entry))
    (local.set $link (i32.atomic.load offset=handle.more (local.get $row)))
    (loop $again
      (i32.atomic.store offset=overflow.next (local.get $at) (local.get $link))
      (local.set $seen
        (i32.atomic.rmw.cmpxchg offset=handle.more
          (local.get $row)
          (local.get $link)
          (i32.add (local.get $index) (i32.const 1))))
      (if (i32.ne (local.get $seen) (local.get $link))
        (then
          (local.set $link (local.get $seen))
          (br $again))))
    (i32.const constant.done))

  ;; Counts a handle down, by less when it counts less; an entry that reaches 0 is gone.
  (func $decrement (export "decrement") (param $handle i32) (param $block i32) (param $fewer i32)
    (local $row i32) (local $at i32) (local $entry i32) (local $count i32)
    (local.set $row (call $handleRow (local.get $handle)))
    (local.set $at (local.get $row))
    (loop $entries
      (block $other
        (loop $again
          (local.set $entry (i32.atomic.load (local.get $at)))
          (br_if $other (i32.eqz (local.get $fewer)))
          (br_if $other (i32.eqz (call $isAbout (local.get $entry) (local.get $block))))
          (local.set $count (i32.and (local.get $entry) (i32.const constant.countMax)))
          (if (i32.eq
                (local.get $entry)
                (i32.atomic.rmw.cmpxchg
                  (local.get $at)
                  (local.get $entry)
                  (select
                    (i32.sub (local.get $entry) (local.get $fewer))
                    (i32.const 0)
                    (i32.gt_u (local.get $count) (local.get $fewer)))))
            (then
              (local.set $fewer
                (select
                  (i32.const 0)
                  (i32.sub (local.get $fewer) (local.get $count))
                  (i32.gt_u (local.get $count) (local.get $fewer))))))
          (br $again)))
      (br_if $entries
        (local.tee $at (call $nextEntry (local.get $row) (local.get $at))))))

  ;; Whether a pool is among those of a word of a bit a pool.
  (func $hasPool (param $pools i32) (param $blockRow i32) (result i32)
    (i32.and
      (i32.shr_u (local.get $pools) (i32.load offset=block.pool (local.get $blockRow)))
      (i32.const 1)))

  ;; One address for a node from its own blocks, in storage order; `handle` -1 is none.
  ;; Returns DONE; EMPTIED when the block is full now; or ELSEWHERE, with nothing assigned, when the
  ;; node has pools that do not select it any more, or no own block has an address that can be had.
  (func $assignOne (export "assignOne") (param $node i32) (param $handle i32) (result i32)
    (local $row i32) (local $pools i32) (local $next i32) (local $left i32) (local $block i32)
    (local $blockRow i32) (local $state i64) (local $count i32)
    (local.set $row (call $nodeRow (local.get $node)))
    (local.set $pools (i32.load offset=node.assignPools (local.get $row)))
    (if (i32.load offset=node.unselected (local.get $row))
      (then (return (i32.const constant.elsewhere))))
    (local.set $next (i32.load offset=node.head (local.get $row)))
    ;; The list may lead astray while it is being changed, but not for longer than there are blocks.
    (local.set $left (global.get $blockCount))
    (block $end
      (loop $blocks
        (br_if $end (i32.eqz (local.get $next)))
        (br_if $end (i32.eqz (local.get $left)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (local.set $block (i32.sub (local.get $next) (i32.const 1)))
        (local.set $blockRow (call $blockRow (local.get $block)))
        (local.set $state (i64.load offset=block.state (local.get $blockRow)))
        (if (i32.and
              (i32.and
                (i32.wrap_i64 (local.get $state))
                (call $hasPool (local.get $pools) (local.get $blockRow)))
              (i32.ne (i32.const 0) (call $freeOf (local.get $state))))
          (then
            (if (i32.ge_s (local.get $handle) (i32.const 0))
              (then
                (br_if $end (call $increment (local.get $handle) (local.get $block) (i32.const 1)))))
            (local.set $count
              (call $take
                (local.get $block)
                (i32.const 1)
                (local.get $node)
                (i32.add (local.get $handle) (i32.const 2))
                (i32.const 0)))
            (if (i32.gt_s (local.get $count) (i32.const 0))
              (then
                (if (i32.ge_s (local.get $handle) (i32.const 0))
                  (then
                    (i32.store offset=handle.hint
                      (call $handleRow (local.get $handle))
                      (i32.load (call $wordAt (global.get $takenOrdinals) (i32.const 0))))))
                (return (i32.and (local.get $count) (i32.const constant.emptied)))))
            (if (i32.ge_s (local.get $handle) (i32.const 0))
              (then
                (call $decrement (local.get $handle) (local.get $block) (i32.const 1))))
            (br_if $end (i32.eq (local.get $count) (i32.const constant.gaveUp)))))
        (local.set $next (i32.load offset=block.next (local.get $blockRow)))
        (br $blocks)))
    (i32.const constant.elsewhere))

  ;; Releases a handle that has one address, where its hint says.
  ;; Returns flags: SPACE when the block was full, UNUSUAL when its owner has to be looked at, which
  ;; may have to lose or to delete it; the block is in the scratch words. Or ELSEWHERE, with nothing
  ;; released.
  (func $releaseOne (export "releaseOne") (param $handle i32) (result i32)
    (local $row i32) (local $entry i32) (local $block i32) (local $blockRow i32) (local $ordinal i32)
    (local $given i32) (local $owner i32)
    (local.set $row (call $handleRow (local.get $handle)))
    (local.set $entry (i32.load offset=handle.entry (local.get $row)))
    (if (i32.or
          (i32.load offset=handle.more (local.get $row))
          (i32.ne
            (i32.and (local.get $entry) (i32.const constant.countMax))
            (i32.const 1)))
      (then (return (i32.const constant.elsewhere))))
    (local.set $block
      (i32.sub (i32.shr_u (local.get $entry) (i32.const constant.countBits)) (i32.const 1)))
    (local.set $blockRow (call $blockRow (local.get $block)))
    (local.set $ordinal
      (i32.and
        (i32.load offset=handle.hint (local.get $row))
        (i32.sub
          (i32.shl (i32.const 1) (i32.load offset=block.bits (local.get $blockRow)))
          (i32.const 1))))
    (if (i32.ne
          (i32.add (local.get $handle) (i32.const 2))
          (i32.load
            (call $wordAt (i32.load offset=block.held (local.get $blockRow)) (local.get $ordinal))))
      (then (return (i32.const constant.elsewhere))))
    (local.set $given
      (call $give
        (local.get $block)
        (local.get $ordinal)
        (i32.add (local.get $handle) (i32.const 2))))
    (if (i32.eqz (local.get $given)) (then (return (i32.const constant.elsewhere))))
    (if (i32.ne
          (local.get $entry)
          (i32.atomic.rmw.cmpxchg (local.get $row) (local.get $entry) (i32.const 0)))
      (then (call $decrement (local.get $handle) (local.get $block) (i32.const 1))))
    (i32.store offset=scratch.block (global.get $scratch) (local.get $block))
    (local.set $owner (i32.atomic.load offset=block.owner (local.get $blockRow)))
    (if (i32.eq (i32.and (local.get $owner) (i32.const 7)) (i32.const constant.confirmed))
      (then
        (if (call $hasPool
              (i32.load offset=node.selectPools
                (call $nodeRow
                  (i32.sub (i32.shr_u (local.get $owner) (i32.const 3)) (i32.const 1))))
              (local.get $blockRow))
          (then (return (i32.and (local.get $given) (i32.const constant.space)))))))
    (i32.or
      (i32.and (local.get $given) (i32.const constant.space))
      (i32.const constant.unusual))))
