#pragma once
/* Vectors of 16 floats on AVX-512: what products are made of where a processor has it. */
#include "prefetch.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* What the including file needs besides. */
#ifndef MORE_FEATURES
#define MORE_FEATURES ""
#endif
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq" MORE_FEATURES)))
#define INLINE_TARGET static inline __attribute__((always_inline)) TARGET
#define UNROLLED _Pragma("clang loop unroll(full)")

typedef __m512 vector;
/* Which lanes are meant. */
typedef __mmask16 lane_set;

enum {
  /* Floats in a vector register. */
  LANES = 16,
  /* 12 x 32 sums take 24 of the 32 registers, and 24 fused multiply-adds need 14 loads; two loads and two multiply-adds
   * can start in a cycle. 12 divides the widths of the models here better than 14 does. */
  TILE_ROWS = 12,
  ROW_STEP = 4,
  /* Values along k in a block: so many that c is seldom walked through twice. A panel of op(b), 96 KB, then streams from the
   * second-level cache, which is fast enough. On Zen 4 logits of 576 channels are 5 % faster than with 256 (a panel of 32 KB
   * in the first level), other products 0 to 3 %. */
  DEPTH = 768,
  /* Rows of op(a) in a block: 442 KB, a part of a second-level cache of 1 MB. */
  BLOCK_ROWS = 144,
  /* Columns of op(b) in a block: 3 MB. */
  BLOCK_COLUMNS = 1024,
};

INLINE_TARGET lane_set first_lanes(long count) {
  return (lane_set)(count >= LANES ? 0xffff : count <= 0 ? 0 : (1 << count) - 1);
}

INLINE_TARGET vector zeros(void) { return _mm512_setzero_ps(); }
INLINE_TARGET vector repeated(float value) { return _mm512_set1_ps(value); }
INLINE_TARGET vector whole(const float *values) { return _mm512_loadu_ps(values); }
INLINE_TARGET vector multiply_add(vector x, vector y, vector z) { return _mm512_fmadd_ps(x, y, z); }

/* 16 values that follow each other in memory, widened exactly; lanes that are not meant are 0 and not touched. */
INLINE_TARGET vector load(const elo_element element, const void *values, long index, lane_set lanes) {
  if (element == ELO_F32) return _mm512_maskz_loadu_ps(lanes, (const float *)values + index);
  __m256i halves = _mm256_maskz_loadu_epi16(lanes, (const uint16_t *)values + index);
  if (element == ELO_F16) return _mm512_cvtph_ps(halves);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

INLINE_TARGET void store(float *values, lane_set lanes, vector x) { _mm512_mask_storeu_ps(values, lanes, x); }

/* Swaps rows and columns of 16 x 16 values: pairs, quarters, then 128-bit lanes. */
INLINE_TARGET void transpose(__m512 rows[LANES]) {
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
