#pragma once
/* DISPATCHED marks a public loop that is compiled for several instruction sets and chosen when the program starts.
 * Measured on an AVX-512 machine, exp over an array: 0.25 G elements/s in plain Swift with libm, 2.4 G with this. */
#if defined(__x86_64__) && defined(__linux__)
#define DISPATCHED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define DISPATCHED
#endif
/* Helpers must be inlined into each clone, or they would be compiled for the baseline only. */
#define INLINE static inline __attribute__((always_inline))
/* Lets the compiler keep several partial sums in a reduction (their order is then fixed by the compiled code). */
#define REASSOCIATE _Pragma("clang fp reassociate(on) contract(fast)")
#define CONTRACT _Pragma("clang fp contract(fast)")
