#pragma once
/* Vectors of 16 floats on AVX-512: what packing operands of a product is made of. */
#include "../include/CKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define INLINE_AVX512 static inline __attribute__((always_inline)) AVX512
#define UNROLLED _Pragma("clang loop unroll(full)")

enum {
  /* Floats in a vector register. */
  LANES = 16,
};

/* Which of 16 lanes the first `count` things take. */
INLINE_AVX512 __mmask16 first_lanes(long count) {
  return (__mmask16)(count >= LANES ? 0xffff : count <= 0 ? 0 : (1 << count) - 1);
}

/* 16 values that follow each other in memory, widened exactly; those outside the mask are 0 and not touched. */
INLINE_AVX512 __m512 load(const elo_element element, const void *values, long index, __mmask16 mask) {
  if (element == ELO_F32) return _mm512_maskz_loadu_ps(mask, (const float *)values + index);
  __m256i halves = _mm256_maskz_loadu_epi16(mask, (const uint16_t *)values + index);
  if (element == ELO_F16) return _mm512_cvtph_ps(halves);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

/* Asks for a line that will be read soon; nothing happens when it is not there. Lines of one row are too few for the
 * processor to see that they follow each other, and the next row is in another page. */
INLINE_AVX512 void prefetch(const elo_element element, const void *values, long index) {
  __builtin_prefetch((const char *)values + index * (element == ELO_F32 ? 4 : 2));
}

/* Swaps rows and columns of 16 x 16 values: pairs, quarters, then 128-bit lanes. */
INLINE_AVX512 void transpose(__m512 rows[LANES]) {
  __m512 pairs[LANES];
  UNROLLED for (int i = 0; i < LANES; i += 2) {
    pairs[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
  }
  __m512d quarters[LANES];
  UNROLLED for (int i = 0; i < LANES; i += 4) {
    UNROLLED for (int high = 0; high < 2; high++) {
      __m512d x = _mm512_castps_pd(pairs[i + high]), y = _mm512_castps_pd(pairs[i + 2 + high]);
      quarters[i + 2 * high] = _mm512_unpacklo_pd(x, y);
      quarters[i + 2 * high + 1] = _mm512_unpackhi_pd(x, y);
    }
  }
  /* Lane l of quarters[4 i + j] now holds column 4 l + j of rows 4 i to 4 i + 3. */
  UNROLLED for (int j = 0; j < 4; j++) {
    __m512 x = _mm512_castpd_ps(quarters[j]), y = _mm512_castpd_ps(quarters[4 + j]);
    __m512 z = _mm512_castpd_ps(quarters[8 + j]), w = _mm512_castpd_ps(quarters[12 + j]);
    __m512 even = _mm512_shuffle_f32x4(x, y, 0x88), odd = _mm512_shuffle_f32x4(x, y, 0xdd);
    __m512 even2 = _mm512_shuffle_f32x4(z, w, 0x88), odd2 = _mm512_shuffle_f32x4(z, w, 0xdd);
    rows[j] = _mm512_shuffle_f32x4(even, even2, 0x88);
    rows[8 + j] = _mm512_shuffle_f32x4(even, even2, 0xdd);
    rows[4 + j] = _mm512_shuffle_f32x4(odd, odd2, 0x88);
    rows[12 + j] = _mm512_shuffle_f32x4(odd, odd2, 0xdd);
  }
}
#endif
