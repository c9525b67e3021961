#include "CRegisterPeak.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* As in a tile of the product, 24 sums on AVX-512 and 12 on AVX2: more than the latency of two multiply-adds a cycle needs. */
enum { WIDE_SUMS = 24, SUMS = 12 };

static int is_wide(void) { return __builtin_cpu_supports("avx512f"); }

double register_peak_flops(long rounds) {
  if (is_wide()) return (double)rounds * WIDE_SUMS * 16 * 2;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? (double)rounds * SUMS * 8 * 2 : 0;
}

__attribute__((target("avx512f"))) static float run_wide(long rounds) {
  __m512 sums[WIDE_SUMS];
  for (int i = 0; i < WIDE_SUMS; i++) sums[i] = _mm512_set1_ps((float)i);
  const __m512 factor = _mm512_set1_ps(0.5f), term = _mm512_set1_ps(1.0f);
  for (long round = 0; round < rounds; round++) {
    _Pragma("clang loop unroll(full)") for (int i = 0; i < WIDE_SUMS; i++)
        sums[i] = _mm512_fmadd_ps(sums[i], factor, term);
  }
  __m512 sum = sums[0];
  for (int i = 1; i < WIDE_SUMS; i++) sum = _mm512_add_ps(sum, sums[i]);
  return _mm512_reduce_add_ps(sum);
}

__attribute__((target("avx2,fma"))) static float run(long rounds) {
  __m256 sums[SUMS];
  for (int i = 0; i < SUMS; i++) sums[i] = _mm256_set1_ps((float)i);
  const __m256 factor = _mm256_set1_ps(0.5f), term = _mm256_set1_ps(1.0f);
  for (long round = 0; round < rounds; round++) {
    _Pragma("clang loop unroll(full)") for (int i = 0; i < SUMS; i++) sums[i] = _mm256_fmadd_ps(sums[i], factor, term);
  }
  __m256 sum = sums[0];
  for (int i = 1; i < SUMS; i++) sum = _mm256_add_ps(sum, sums[i]);
  return _mm256_cvtss_f32(sum);
}

float register_peak_run(long rounds) { return is_wide() ? run_wide(rounds) : run(rounds); }

#else
double register_peak_flops(long rounds) { return 0; }
float register_peak_run(long rounds) { return 0; }
#endif
