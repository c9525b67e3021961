#include "split_product.h"

#if defined(__x86_64__)
#define INLINE_SPLIT static inline __attribute__((always_inline)) SPLIT_AVX512

/* What is left of x when `rounded` is taken away. */
INLINE_SPLIT __m512 rest(__m512 x, __m256i rounded) {
  return _mm512_sub_ps(x, _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(rounded), 16)));
}

/* Two vectors as planes of 32 bf16 values, `low` before `high`, `interval` vectors apart. */
INLINE_SPLIT void split(const int planes, __m512 low, __m512 high, __m512i *out, long interval) {
  UNROLLED for (int plane = 0; plane < planes; plane++) {
    __m512i both = (__m512i)_mm512_cvtne2ps_pbh(high, low);
    out[plane * interval] = both;
    if (plane + 1 < planes) {
      low = rest(low, _mm512_castsi512_si256(both));
      high = rest(high, _mm512_extracti64x4_epi64(both, 1));
    }
  }
}

/* From 16 values of one position and 16 of the next to 16 pairs. */
INLINE_SPLIT __m512i interleave(__m512i both) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21,
                                         5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_permutexvar_epi16(order, both);
}

/* 16 lines by 32 positions as one square of each plane, a line in each row. */
INLINE_SPLIT void lines(const elo_element element, const int planes, const elo_operand *x, long line, long count,
                        long position, long depth, __m512i *squares) {
  const __mmask16 low = first_lanes(depth), high = first_lanes(depth - LANES);
  UNROLLED for (int i = 0; i < GROUP; i++) {
    const long index = (line + i) * x->stride + position;
    const __mmask16 here = i < count ? 0xffff : 0;
    prefetch(element, x->values, index + GROUP * x->stride);
    split(planes, load(element, x->values, index, here & low), load(element, x->values, index + LANES, here & high),
          squares + i, GROUP);
  }
}

/* 16 lines by 32 positions as one square of each plane, a pair of positions in each row. */
INLINE_SPLIT void pairs(const elo_element element, const int planes, const elo_operand *x, long line, long count,
                        long position, long depth, __m512i *squares) {
  const __mmask16 wanted = first_lanes(count);
  UNROLLED for (int i = 0; i < GROUP; i++) {
    const long index = (position + 2 * i) * x->stride + line;
    __m512 even = load(element, x->values, index, 2 * i < depth ? wanted : 0);
    __m512 odd = load(element, x->values, index + x->stride, 2 * i + 1 < depth ? wanted : 0);
    prefetch(element, x->values, index + SQUARE_DEPTH * x->stride);
    prefetch(element, x->values, index + (SQUARE_DEPTH + 1) * x->stride);
    split(planes, even, odd, squares + i, GROUP);
    UNROLLED for (int plane = 0; plane < planes; plane++)
      squares[plane * GROUP + i] = interleave(squares[plane * GROUP + i]);
  }
}

INLINE_SPLIT void turn(__m512i *square) {
  __m512 rows[LANES];
  UNROLLED for (int i = 0; i < LANES; i++) rows[i] = _mm512_castsi512_ps(square[i]);
  transpose(rows);
  UNROLLED for (int i = 0; i < LANES; i++) square[i] = _mm512_castps_si512(rows[i]);
}

INLINE_SPLIT void pack(const elo_element element, const int planes, const elo_operand *x, int along_k,
                       int lines_as_rows, long first, long count, long position, long depth, uint8_t *groups) {
  const long steps = (depth + SQUARE_DEPTH - 1) / SQUARE_DEPTH;
  for (long done = 0; done < count; done += GROUP) {
    for (long step = 0; step < steps; step++) {
      __m512i *squares = (__m512i *)groups;
      const long p = step * SQUARE_DEPTH;
      if (along_k) lines(element, planes, x, first + done, count - done, position + p, depth - p, squares);
      else pairs(element, planes, x, first + done, count - done, position + p, depth - p, squares);
      if (along_k != lines_as_rows)
        for (int plane = 0; plane < planes; plane++) turn(squares + plane * GROUP);
      groups += planes * SQUARE_BYTES;
    }
  }
}

SPLIT_AVX512 void elo_split_pack(const elo_operand *x, int along_k, int lines_as_rows, long first, long count,
                                 long position, long depth, uint8_t *groups) {
  switch (x->element) {
  case ELO_F32: return pack(ELO_F32, 3, x, along_k, lines_as_rows, first, count, position, depth, groups);
  case ELO_BF16: return pack(ELO_BF16, 1, x, along_k, lines_as_rows, first, count, position, depth, groups);
  case ELO_F16: return pack(ELO_F16, 2, x, along_k, lines_as_rows, first, count, position, depth, groups);
  }
}
#endif
