#include "CRegisterPeak.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* 24 sums, as in a tile of the product: more than the latency of two multiply-adds a cycle needs. */
enum { SUMS = 24 };

double register_peak_flops(long rounds) {
  return __builtin_cpu_supports("avx512f") ? (double)rounds * SUMS * 16 * 2 : 0;
}

__attribute__((target("avx512f"))) float register_peak_run(long rounds) {
  __m512 sums[SUMS];
  for (int i = 0; i < SUMS; i++) sums[i] = _mm512_set1_ps((float)i);
  const __m512 factor = _mm512_set1_ps(0.5f), term = _mm512_set1_ps(1.0f);
  for (long round = 0; round < rounds; round++) {
    _Pragma("clang loop unroll(full)") for (int i = 0; i < SUMS; i++) sums[i] = _mm512_fmadd_ps(sums[i], factor, term);
  }
  __m512 sum = sums[0];
  for (int i = 1; i < SUMS; i++) sum = _mm512_add_ps(sum, sums[i]);
  return _mm512_reduce_add_ps(sum);
}

#else
double register_peak_flops(long rounds) { return 0; }
float register_peak_run(long rounds) { return 0; }
#endif
