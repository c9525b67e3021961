#pragma once
/* The product of two matrices on AMX: what the files of this folder share.
 *
 * AMX multiplies matrices of bf16 and adds in f32, at 16 times the rate of AVX-512 in f32. An f32 value is the sum of
 * three bf16 ones, *planes*: the value rounded to bf16, what that left rounded to bf16, and what is left then, which fits
 * (24 bits of significand in 3 x 8). Of the nine products of planes the six with plane(a) + plane(b) <= 2 are added; the
 * other three are below 2^-25 of the whole, less than half an ulp of f32. A bf16 operand is one plane and takes three
 * products, an f16 operand two planes and five. So the result is as exact as a product in f32, and comes sooner (the idea:
 * Henry, Tang and Heinecke, "Leveraging the bfloat16 Artificial Intelligence Datatype For Higher-Precision
 * Computations", arXiv 1904.06376).
 *
 *   line    a row of op(a) or a column of op(b)
 *   pair    two values of a line that follow each other along k: what one lane of AMX multiplies
 *   square  16 lines by 16 pairs of one plane, 1 KB: a tile register. Lines are rows in op(a)'s, columns in op(b)'s
 *   group   16 lines, all squares along k of a block: for each 32 positions one square of each plane */
#include "../product/vectors512.h"

#if defined(__x86_64__)
#define SPLIT_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))
#define SPLIT_AMX __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512vl,avx512dq")))

enum {
  /* Lines of a group, and pairs and positions along k of a square. */
  GROUP = 16,
  SQUARE_DEPTH = 32,
  SQUARE_BYTES = 1024,
  MOST_PLANES = 3,
  /* Values along k in a block: sums wait in tile registers for so long. */
  SPLIT_DEPTH = 512,
  /* Rows of op(a) in a block of three planes: 768 KB, in a second-level cache of 2 MB. Three times as many of one. */
  SPLIT_ROWS = 256,
  /* Columns of op(b) in a block likewise: 3 MB. The wider, the more seldom op(a) is packed again. */
  SPLIT_COLUMNS = 1024,
};

/* How many bf16 values make one such element. */
static inline int elo_planes(elo_element element) {
  return element == ELO_BF16 ? 1 : element == ELO_F16 ? 2 : MOST_PLANES;
}

/* `count` lines from `first` on by `depth` positions along k from `position` on, as groups of whole squares padded with
 * zeros. `along_k`: whether values that follow each other in memory follow each other along k. `lines_as_rows`: whether
 * a square has a line in each row, as for op(a), or in each column, as for op(b). */
void elo_split_pack(const elo_operand *x, int along_k, int lines_as_rows, long first, long count, long position,
                    long depth, uint8_t *groups);

/* A part of c of at most 2 x 2 groups: c = a b + beta c for the first `rows` rows and `columns` columns; c is not read
 * when beta is 0. a and b are the first of the groups, `steps` squares along k. Needs the tile configuration of elo_split_product. */
void elo_split_tile(long steps, const uint8_t *a, int planes_a, long rows, const uint8_t *b, int planes_b, long columns,
                    float beta, float *c, long stride);
#endif
