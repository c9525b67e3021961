#include "split_product.h"

#if defined(__x86_64__)
#define INLINE_AMX static inline __attribute__((always_inline)) SPLIT_AMX

/* The sums of a tile register as they leave it. */
typedef struct {
  float values[GROUP][GROUP] __attribute__((aligned(64)));
} sums;

/* c = x + beta c for the rows and columns that there are. */
INLINE_AMX void add(const sums *x, float beta, float *c, long stride, long rows, long columns) {
  const __mmask16 mask = first_lanes(columns);
  const __m512 factor = _mm512_set1_ps(beta);
  for (long i = 0; i < GROUP && i < rows; i++) {
    __m512 row = _mm512_load_ps(x->values[i]);
    if (beta != 0) row = _mm512_fmadd_ps(factor, _mm512_maskz_loadu_ps(mask, c + i * stride), row);
    _mm512_mask_storeu_ps(c + i * stride, mask, row);
  }
}

/* Compiled once for each number of groups and planes. Tile registers: 0 to 3 sums, 4 and 5 squares of op(a), 6 and 7
 * squares of op(b). */
INLINE_AMX void sized_tile(const int tall, const int wide, const int planes_a, const int planes_b, long steps,
                           const uint8_t *a, const uint8_t *b, sums out[4]) {
  const long a_group = steps * planes_a * SQUARE_BYTES, b_group = steps * planes_b * SQUARE_BYTES;
  _tile_zero(0), _tile_zero(1), _tile_zero(2), _tile_zero(3);
  for (long step = 0; step < steps; step++) {
    /* The smallest products first: what they add is not rounded to the size of the whole. Every second order goes the
     * other way, so that one of two squares is there already. */
    int held_a = -1, held_b = -1;
    UNROLLED for (int order = MOST_PLANES - 1; order >= 0; order--) {
      UNROLLED for (int turn = 0; turn <= order; turn++) {
        const int i = order % 2 == 0 ? turn : order - turn, j = order - i;
        if (i >= planes_a || j >= planes_b) continue;
        if (i != held_a) {
          _tile_loadd(4, a + i * SQUARE_BYTES, 64);
          if (tall) _tile_loadd(5, a + a_group + i * SQUARE_BYTES, 64);
        }
        if (j != held_b) {
          _tile_loadd(6, b + j * SQUARE_BYTES, 64);
          if (wide) _tile_loadd(7, b + b_group + j * SQUARE_BYTES, 64);
        }
        held_a = i, held_b = j;
        _tile_dpbf16ps(0, 4, 6);
        if (wide) _tile_dpbf16ps(1, 4, 7);
        if (tall) _tile_dpbf16ps(2, 5, 6);
        if (tall && wide) _tile_dpbf16ps(3, 5, 7);
      }
    }
    a += planes_a * SQUARE_BYTES;
    b += planes_b * SQUARE_BYTES;
  }
  _tile_stored(0, out[0].values, 64);
  if (wide) _tile_stored(1, out[1].values, 64);
  if (tall) _tile_stored(2, out[2].values, 64);
  if (tall && wide) _tile_stored(3, out[3].values, 64);
}

INLINE_AMX void with_planes(const int tall, const int wide, long steps, const uint8_t *a, int planes_a, const uint8_t *b,
                            int planes_b, sums out[4]) {
#define CASE(A, B) case 4 * A + B: return sized_tile(tall, wide, A, B, steps, a, b, out);
  switch (4 * planes_a + planes_b) {
    CASE(1, 1) CASE(1, 2) CASE(1, 3) CASE(2, 1) CASE(2, 2) CASE(2, 3) CASE(3, 1) CASE(3, 2) CASE(3, 3)
  }
#undef CASE
}

SPLIT_AMX void elo_split_tile(long steps, const uint8_t *a, int planes_a, long rows, const uint8_t *b, int planes_b,
                              long columns, float beta, float *c, long stride) {
  sums out[4];
  const int tall = rows > GROUP, wide = columns > GROUP;
  /* c is needed only at the end: by then it is here. */
  for (long i = 0; i < rows; i++) {
    __builtin_prefetch(c + i * stride, 1);
    __builtin_prefetch(c + i * stride + GROUP, 1);
    __builtin_prefetch(c + i * stride + 2 * GROUP - 1, 1);
  }
  if (tall && wide) with_planes(1, 1, steps, a, planes_a, b, planes_b, out);
  else if (tall) with_planes(1, 0, steps, a, planes_a, b, planes_b, out);
  else if (wide) with_planes(0, 1, steps, a, planes_a, b, planes_b, out);
  else with_planes(0, 0, steps, a, planes_a, b, planes_b, out);
  for (int i = 0; i <= tall; i++)
    for (int j = 0; j <= wide; j++)
      add(&out[2 * i + j], beta, c + i * GROUP * stride + j * GROUP, stride, rows - i * GROUP, columns - j * GROUP);
}
#endif
