#include "product.h"

#if defined(__x86_64__)

/* Compiled once for each number of rows and vectors, so that all loops but the one along k unroll and every sum has its
 * register. */

INLINE_AVX512 __mmask16 lanes(int vector, const int vectors, __mmask16 last) {
  return vector == vectors - 1 ? last : (__mmask16)0xffff;
}

INLINE_AVX512 void store_row(const int vectors, const __m512 *sums, float *c, __mmask16 last) {
  UNROLLED for (int j = 0; j < vectors; j++) _mm512_mask_storeu_ps(c + j * LANES, lanes(j, vectors, last), sums[j]);
}

INLINE_AVX512 void add_row(const int vectors, __m512 factor, const __m512 *sums, float *c, __mmask16 last) {
  UNROLLED for (int j = 0; j < vectors; j++) {
    __mmask16 mask = lanes(j, vectors, last);
    __m512 old = _mm512_maskz_loadu_ps(mask, c + j * LANES);
    _mm512_mask_storeu_ps(c + j * LANES, mask, _mm512_fmadd_ps(factor, old, sums[j]));
  }
}

INLINE_AVX512 void sized_tile(
    const int padded_rows, const int vectors, long depth, const float *a, const float *b, float beta, float *c,
    long stride, int rows, __mmask16 last) {
  __m512 sums[TILE_ROWS][2];
  UNROLLED for (int i = 0; i < padded_rows; i++) {
    UNROLLED for (int j = 0; j < vectors; j++) sums[i][j] = _mm512_setzero_ps();
    /* c is needed only at the end: by then it is here. */
    if (i < rows) {
      __builtin_prefetch(c + i * stride, 1);
      if (vectors > 1) __builtin_prefetch(c + i * stride + LANES, 1);
      __builtin_prefetch(c + i * stride + vectors * LANES - 1, 1);
    }
  }
  for (long p = 0; p < depth; p++) {
    __m512 column[2];
    UNROLLED for (int j = 0; j < vectors; j++) column[j] = _mm512_loadu_ps(b + j * LANES);
    UNROLLED for (int i = 0; i < padded_rows; i++) {
      __m512 value = _mm512_set1_ps(a[i]);
      UNROLLED for (int j = 0; j < vectors; j++) sums[i][j] = _mm512_fmadd_ps(value, column[j], sums[i][j]);
    }
    a += padded_rows;
    b += vectors * LANES;
  }
  if (beta == 0) {
    UNROLLED for (int i = 0; i < padded_rows; i++)
      if (i < rows) store_row(vectors, sums[i], c + i * stride, last);
    return;
  }
  const __m512 factor = _mm512_set1_ps(beta);
  UNROLLED for (int i = 0; i < padded_rows; i++)
    if (i < rows) add_row(vectors, factor, sums[i], c + i * stride, last);
}

AVX512 void elo_tile(long depth, const float *a, int padded_rows, const float *b, int padded_columns, float beta,
                     float *c, long stride, int rows, int columns) {
  const __mmask16 last = (__mmask16)(0xffff >> (padded_columns - columns));
  if (padded_columns == TILE_COLUMNS) {
    if (padded_rows == 12) return sized_tile(12, 2, depth, a, b, beta, c, stride, rows, last);
    if (padded_rows == 8) return sized_tile(8, 2, depth, a, b, beta, c, stride, rows, last);
    return sized_tile(4, 2, depth, a, b, beta, c, stride, rows, last);
  }
  if (padded_rows == 12) return sized_tile(12, 1, depth, a, b, beta, c, stride, rows, last);
  if (padded_rows == 8) return sized_tile(8, 1, depth, a, b, beta, c, stride, rows, last);
  return sized_tile(4, 1, depth, a, b, beta, c, stride, rows, last);
}
#endif
