#include "product.h"

#if defined(__x86_64__)
#include <immintrin.h>

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

/* Positions along k that are copied before the next panel's turn: so many lines of the operand are read side by side,
 * each from its start to its end. With all of a panel's positions first, every read is in another page: 0.6 of the
 * speed. */
enum { COPIED_POSITIONS = 8 };

/* Part of a panel of an operand in which the values of one position along k follow each other: lines are copied. */
INLINE_AVX512 void copy_panel(const elo_element element, const elo_operand *x, long first, int count, long position,
                              long depth, const int padded, float *panel) {
  for (int lane = 0; lane < padded; lane += LANES) {
    const __mmask16 wanted = first_lanes(count - lane), kept = first_lanes(padded - lane);
    for (long p = 0; p < depth; p++) {
      const long index = (position + p) * x->stride + first + lane;
      prefetch(element, x->values, index + COPIED_POSITIONS * x->stride);
      __m512 line = load(element, x->values, index, wanted);
      _mm512_mask_storeu_ps(panel + p * padded + lane, kept, line);
    }
  }
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

/* 16 positions along k, or `depth` if that is less, of up to 16 rows. */
INLINE_AVX512 void turn_square(const elo_element element, const elo_operand *x, long index, const int count,
                               const long depth, int padded, __mmask16 kept, float *out) {
  const __mmask16 wanted = first_lanes(depth);
  __m512 rows[LANES];
  UNROLLED for (int i = 0; i < count; i++) prefetch(element, x->values, index + (i + count) * x->stride);
  UNROLLED for (int i = 0; i < LANES; i++)
    rows[i] = i < count ? load(element, x->values, index + i * x->stride, wanted) : _mm512_setzero_ps();
  transpose(rows);
  UNROLLED for (int i = 0; i < LANES; i++)
    if (i < depth) _mm512_mask_storeu_ps(out + i * padded, kept, rows[i]);
}

/* Part of a panel of an operand whose values follow each other along k: 16 x 16 values at a time are turned. */
INLINE_AVX512 void turn_panel(const elo_element element, const elo_operand *x, long first, int count, long position,
                              long depth, int padded, float *panel) {
  for (int lane = 0; lane < padded; lane += LANES) {
    const __mmask16 kept = first_lanes(padded - lane);
    const int rows = count - lane;
    const long start = (first + lane) * x->stride + position;
    float *out = panel + lane;
    long p = 0;
    if (rows >= LANES) {
      for (; p + LANES <= depth; p += LANES)
        turn_square(element, x, start + p, LANES, LANES, padded, kept, out + p * padded);
    } else if (rows == TILE_ROWS) {
      for (; p + LANES <= depth; p += LANES)
        turn_square(element, x, start + p, TILE_ROWS, LANES, padded, kept, out + p * padded);
    }
    for (; p < depth; p += LANES) turn_square(element, x, start + p, rows, depth - p, padded, kept, out + p * padded);
  }
}

INLINE_AVX512 void pack(const elo_element element, const elo_operand *x, int along_k, long first, long count,
                        long position, long depth, int width, int step, float *panels) {
  const long part = along_k ? depth : COPIED_POSITIONS;
  for (long p = 0; p < depth; p += part) {
    const long positions = depth - p < part ? depth - p : part;
    for (long done = 0; done < count; done += width) {
      const int here = (int)(count - done < width ? count - done : width);
      const int padded = (here + step - 1) / step * step;
      float *panel = panels + done * depth + p * padded;
      if (along_k) turn_panel(element, x, first + done, here, position + p, positions, padded, panel);
      else copy_panel(element, x, first + done, here, position + p, positions, padded, panel);
    }
  }
}

AVX512 void elo_pack(const elo_operand *x, int along_k, long first, long count, long position, long depth, int width,
                     int step, float *panels) {
  switch (x->element) {
  case ELO_F32: return pack(ELO_F32, x, along_k, first, count, position, depth, width, step, panels);
  case ELO_BF16: return pack(ELO_BF16, x, along_k, first, count, position, depth, width, step, panels);
  case ELO_F16: return pack(ELO_F16, x, along_k, first, count, position, depth, width, step, panels);
  }
}
#endif
