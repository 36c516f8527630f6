;; What the machine itself can do: pairs of finding a free bit, setting it and clearing it, each by one
;; compare-and-swap, without a call. Sixteen bits are held, as the allocators' threads hold addresses.
(module
  (import "memory" "memory" (memory 1 1 shared))

  ;; `at` is the address of the thread's words: a bitmap, then the bits held, oldest first.
  (func (export "pairs") (param $at i32) (param $pairs i32)
    (local $i i32) (local $slot i32) (local $word i32) (local $bit i32)
    (loop $next
      (local.set $slot
        (i32.add
          (local.get $at)
          (i32.shl (i32.and (local.get $i) (i32.const 15)) (i32.const 2))))
      (local.set $bit (i32.load offset=64 (local.get $slot)))
      (loop $clear
        (local.set $word (i32.atomic.load (local.get $at)))
        (br_if $clear
          (i32.ne
            (local.get $word)
            (i32.atomic.rmw.cmpxchg
              (local.get $at)
              (local.get $word)
              (i32.and (local.get $word) (i32.xor (local.get $bit) (i32.const -1)))))))
      (loop $set
        (local.set $word (i32.atomic.load (local.get $at)))
        (local.set $bit
          (i32.and
            (i32.xor (local.get $word) (i32.const -1))
            (i32.add (local.get $word) (i32.const 1))))
        (br_if $set
          (i32.ne
            (local.get $word)
            (i32.atomic.rmw.cmpxchg
              (local.get $at)
              (local.get $word)
              (i32.or (local.get $word) (local.get $bit))))))
      (i32.store offset=64 (local.get $slot) (local.get $bit))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $pairs))))))
