#pragma once
/* Vectors of 8 floats on AVX2: what the product is made of on processors without AVX-512. */
#include "prefetch.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define TARGET __attribute__((target("avx2,fma,f16c")))
#define INLINE_TARGET static inline __attribute__((always_inline)) TARGET
#define UNROLLED _Pragma("clang loop unroll(full)")

typedef __m256 vector;
/* How many lanes are meant, from the first on. */
typedef int lane_set;

enum {
  /* Floats in a vector register. */
  LANES = 8,
  /* 6 x 16 sums take 12 of the 16 registers, and 12 fused multiply-adds need 8 loads; two of each can start in a cycle. */
  TILE_ROWS = 6,
  ROW_STEP = 2,
  /* Values along k in a block: a panel of op(b), 16 KB, takes half of a first-level cache of 32 KB. */
  DEPTH = 256,
  /* Rows of op(a) in a block: 96 KB, a part of a second-level cache of 512 KB that another thread may share. Twice as many
   * made a detached step of SmolLM2 a tenth slower on two threads. */
  BLOCK_ROWS = 96,
  /* Columns of op(b) in a block: 2 MB. */
  BLOCK_COLUMNS = 2048,
};

INLINE_TARGET lane_set first_lanes(long count) { return (int)(count >= LANES ? LANES : count <= 0 ? 0 : count); }

INLINE_TARGET vector zeros(void) { return _mm256_setzero_ps(); }
INLINE_TARGET vector repeated(float value) { return _mm256_set1_ps(value); }
INLINE_TARGET vector whole(const float *values) { return _mm256_loadu_ps(values); }
INLINE_TARGET vector multiply_add(vector x, vector y, vector z) { return _mm256_fmadd_ps(x, y, z); }

/* A mask of the first lanes, for loads and stores. */
INLINE_TARGET __m256i bits_of(lane_set lanes) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

INLINE_TARGET __m128i halves(const uint16_t *values, lane_set lanes) {
  if (lanes == LANES) return _mm_loadu_si128((const __m128i *)values);
  uint16_t some[LANES] = {0};
  memcpy(some, values, (size_t)lanes * sizeof *values);
  return _mm_loadu_si128((const __m128i *)some);
}

/* 8 values that follow each other in memory, widened exactly; lanes that are not meant are 0 and not touched. */
INLINE_TARGET vector load(const elo_element element, const void *values, long index, lane_set lanes) {
  if (element == ELO_F32) {
    const float *floats = (const float *)values + index;
    return lanes == LANES ? whole(floats) : _mm256_maskload_ps(floats, bits_of(lanes));
  }
  __m128i narrow = halves((const uint16_t *)values + index, lanes);
  if (element == ELO_F16) return _mm256_cvtph_ps(narrow);
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(narrow), 16));
}

/* Whole and half vectors apart from the rest: a masked store is microcode on AMD's processors. */
INLINE_TARGET void store(float *values, lane_set lanes, vector x) {
  const __m128 high = _mm256_extractf128_ps(x, 1);
  switch (lanes) {
  case 8: return _mm256_storeu_ps(values, x);
  case 6: _mm_storel_pi((__m64 *)(values + 4), high); /* fall through */
  case 4: return _mm_storeu_ps(values, _mm256_castps256_ps128(x));
  case 2: return _mm_storel_pi((__m64 *)values, _mm256_castps256_ps128(x));
  default: return _mm256_maskstore_ps(values, bits_of(lanes), x);
  }
}

/* Swaps rows and columns of 8 x 8 values: pairs, quarters, then 128-bit lanes. */
INLINE_TARGET void transpose(vector rows[LANES]) {
  vector pairs[LANES], quarters[LANES];
  UNROLLED for (int i = 0; i < LANES; i += 2) {
    pairs[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
  }
  UNROLLED for (int i = 0; i < LANES; i += 4) {
    UNROLLED for (int high = 0; high < 2; high++) {
      vector x = pairs[i + high], y = pairs[i + 2 + high];
      quarters[i + 2 * high] = _mm256_shuffle_ps(x, y, 0x44);
      quarters[i + 2 * high + 1] = _mm256_shuffle_ps(x, y, 0xee);
    }
  }
  /* Lane l of quarters[4 i + j] now holds column 4 l + j of rows 4 i to 4 i + 3. */
  UNROLLED for (int j = 0; j < 4; j++) {
    rows[j] = _mm256_permute2f128_ps(quarters[j], quarters[4 + j], 0x20);
    rows[4 + j] = _mm256_permute2f128_ps(quarters[j], quarters[4 + j], 0x31);
  }
}
#endif
