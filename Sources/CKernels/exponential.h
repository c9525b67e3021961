#pragma once
#include "dispatch.h"
#include <stdint.h>
#include <string.h>

/* exp(x) in f32 without a call or a branch, so that loops over it vectorise.
 * x = n ln2 + r with |r| <= ln2/2 (Cody and Waite's two-part ln2), exp(r) by a degree-6 polynomial (Taylor coefficients
 * adjusted by minimax, after Cephes' expf), 2^n by the exponent bits. Largest error measured over [-87, 88]: 1.1 ulp.
 * Below -87.33 the result is 0 (expf would return denormals); above 88.37 it is that of 88.37. */
INLINE float exponential(float x) {
  CONTRACT
  const float rounding = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer in the low bits */
  float clamped = x < -87.33f ? -87.33f : (x > 88.37f ? 88.37f : x);
  float shifted = clamped * 1.44269504088896341f + rounding;
  float n = shifted - rounding;
  float r = clamped - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  int32_t bits = ((int32_t)n + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return x < -87.33f ? 0.0f : p * power;
}
