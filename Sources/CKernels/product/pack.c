#include "product.h"

#if defined(__x86_64__)

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
