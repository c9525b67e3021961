/* Packing, of the vectors that the including file has chosen; see product.h. */

/* Positions along k that are copied before the next panel's turn: so many lines of the operand are read side by side,
 * each from its start to its end. With all of a panel's positions first, every read is in another page: 0.6 of the
 * speed. */
enum { COPIED_POSITIONS = 8 };

/* Part of a panel of an operand in which the values of one position along k follow each other: lines are copied. */
INLINE_TARGET void copy_panel(const elo_element element, const elo_operand *x, long first, int count, long position,
                              long depth, const int padded, float *panel) {
  for (int lane = 0; lane < padded; lane += LANES) {
    const lane_set wanted = first_lanes(count - lane), kept = first_lanes(padded - lane);
    for (long p = 0; p < depth; p++) {
      const long index = (position + p) * x->stride + first + lane;
      prefetch(element, x->values, index + COPIED_POSITIONS * x->stride);
      store(panel + p * padded + lane, kept, load(element, x->values, index, wanted));
    }
  }
}

/* As many positions along k as a vector has lanes, or `depth` if that is less, of up to as many rows. */
INLINE_TARGET void turn_square(const elo_element element, const elo_operand *x, long index, const int count,
                               const long depth, int padded, lane_set kept, float *out) {
  const lane_set wanted = first_lanes(depth);
  vector rows[LANES];
  UNROLLED for (int i = 0; i < count; i++) prefetch(element, x->values, index + (i + count) * x->stride);
  UNROLLED for (int i = 0; i < LANES; i++)
    rows[i] = i < count ? load(element, x->values, index + i * x->stride, wanted) : zeros();
  transpose(rows);
  UNROLLED for (int i = 0; i < LANES; i++)
    if (i < depth) store(out + i * padded, kept, rows[i]);
}

/* Part of a panel of an operand whose values follow each other along k: squares of as many values as a vector has
 * lanes are turned. */
INLINE_TARGET void turn_panel(const elo_element element, const elo_operand *x, long first, int count, long position,
                              long depth, int padded, float *panel) {
  for (int lane = 0; lane < padded; lane += LANES) {
    const lane_set kept = first_lanes(padded - lane);
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

INLINE_TARGET void pack(const elo_element element, const elo_operand *x, int along_k, long first, long count,
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

/* `count` of the rows of op(a) (or columns of op(b)) from `first` on, by `depth` positions along k from `position` on,
 * as panels of `width` that are padded to a multiple of `step`. `along_k`: whether values that follow each other in
 * memory follow each other along k. */
static TARGET void pack_block(const elo_operand *x, int along_k, long first, long count, long position, long depth,
                              int width, int step, float *panels) {
  switch (x->element) {
  case ELO_F32: return pack(ELO_F32, x, along_k, first, count, position, depth, width, step, panels);
  case ELO_BF16: return pack(ELO_BF16, x, along_k, first, count, position, depth, width, step, panels);
  case ELO_F16: return pack(ELO_F16, x, along_k, first, count, position, depth, width, step, panels);
  }
}
