#include "CKernels.h"
#include "bits.h"

/* 32 random bits for each i: two rounds of multiplying and folding. */
INLINE uint32_t random_bits(uint32_t seed, uint32_t i) {
  uint32_t x = seed + i * 0x9e3779b9u;
  x = (x ^ x >> 16) * 0x7feb352du;
  x = (x ^ x >> 15) * 0x846ca68bu;
  return x ^ x >> 16;
}

/* Up with the chance of the fractional part, to 16 bits, else down. What is moved by up to a half at random is rounded to
 * nearest, by adding 1.5 * 2^23, which puts the rounding where the bits end. |x| below 2^22; NaN becomes some integer. */
INLINE uint32_t rounded(float x, uint32_t bits) {
  const float rounding = 12582912.0f;
  const float dither = ((float)(int32_t)(bits & 0xffff) - 32767.5f) * 0x1p-16f;
  return float_to_bits(x + dither + rounding) - float_to_bits(rounding);
}

INLINE uint32_t rounded_pair(float low, float high, uint32_t bits) {
  return (rounded(low, bits) & 0xffff) | rounded(high, bits >> 16) << 16;
}

DISPATCHED void elo_round_row(const float *x, float factor, uint32_t seed, uint32_t *pairs, long n) {
  for (long i = 0; i < n / 2; i++)
    pairs[i] = rounded_pair(x[2 * i] * factor, x[2 * i + 1] * factor, random_bits(seed, (uint32_t)i));
  if (n % 2 != 0) pairs[n / 2] = rounded_pair(x[n - 1] * factor, 0, random_bits(seed, (uint32_t)(n / 2)));
}

DISPATCHED void elo_round_two_rows(const float *x, float factor_x, const float *y, float factor_y, uint32_t seed,
                                   uint32_t *pairs, long n) {
  for (long i = 0; i < n; i++)
    pairs[i] = rounded_pair(x[i] * factor_x, y[i] * factor_y, random_bits(seed, (uint32_t)i));
}

DISPATCHED void elo_round_scaled(const float *x, const float *factors, float factor, uint32_t seed, uint16_t *y,
                                 long n) {
  for (long i = 0; i < n; i++) y[i] = (uint16_t)rounded(x[i] * (factor * factors[i]), random_bits(seed, (uint32_t)i));
}

DISPATCHED float elo_scale_integers(const int32_t *x, float scale, const float *scales, float *y, long n) {
  for (long i = 0; i < n; i++) y[i] = (float)x[i] * (scale * scales[i]);
  return elo_maximum(y, n);
}

DISPATCHED void elo_add_scaled_integers(const int32_t *x, float scale, const float *scales, float *y, long n) {
  CONTRACT
  for (long i = 0; i < n; i++) y[i] += (float)x[i] * (scale * scales[i]);
}

/* Whole blocks are looked at first, in vectors: few values are large. */
DISPATCHED long elo_find_large(const float *x, const float *factors, float limit, int32_t *indices, long n) {
  enum { BLOCK = 16 };
  long count = 0;
  for (long start = 0; start < n; start += BLOCK) {
    const long length = n - start < BLOCK ? n - start : BLOCK;
    int large = 0;
    if (length == BLOCK)
      for (long i = 0; i < BLOCK; i++) large |= x[start + i] * factors[start + i] > limit;
    if (!large && length == BLOCK) continue;
    for (long i = start; i < start + length; i++)
      if (x[i] * factors[i] > limit) indices[count++] = (int32_t)i;
  }
  return count;
}

DISPATCHED void elo_add_rounding_moments(const float *x, const float *steps, float factor, const float *norms, long n,
                                         elo_rounding_moments *sums) {
  REASSOCIATE
  float mass = 0, squares = 0, dithered = 0, step_sum = 0, step_squares = 0;
  for (long i = 0; i < n; i++) {
    const float step = x[i] * steps[i], rounded = x[i] * (factor * steps[i]);
    const float part = rounded - (float)(int32_t)rounded;
    mass += x[i];
    squares += x[i] * norms[i];
    dithered += steps[i] > 0 ? part * (1 - part) * norms[i] / (steps[i] * steps[i]) : 0;
    step_sum += step * step;
    step_squares += step * step * norms[i];
  }
  sums->mass += mass;
  sums->squares += squares;
  sums->dithered += dithered / (factor * factor);
  sums->steps += step_sum;
  sums->step_squares += step_squares;
}
