#pragma once
#include "exponential.h"

/* tanh(x) and erf(x) in f32 without a call or a branch, after Cephes (S. Moshier): a polynomial near 0, where the
 * exponential would cancel, and the exponential elsewhere; both are computed and one is selected. */

/* tanh and its derivative 1 - tanh^2, which far from 0 is not taken from tanh, where it would lose what is small. */
typedef struct {
  float value, slope;
} HyperbolicTangent;

/* Largest error measured against the double function over [-20, 20]: 1.3 ulp of the value. */
INLINE HyperbolicTangent hyperbolic_tangent(float x) {
  CONTRACT
  float magnitude = __builtin_fabsf(x);
  float z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  float near = x + x * z * p;
  float q = 1.0f / (exponential(2.0f * magnitude) + 1.0f);
  float far = __builtin_copysignf(1.0f - 2.0f * q, x);
  int is_near = magnitude < 0.625f;
  return (HyperbolicTangent){is_near ? near : far, is_near ? 1.0f - near * near : 4.0f * q * (1.0f - q)};
}

/* The complement 1 - erf(|x|) for |x| >= 1, with the error of the exponential of -x^2. */
INLINE float complementary_error(float magnitude) {
  CONTRACT
  float q = 1.0f / magnitude;
  float y = q * q;
  float near = 2.326819970068386e-2f;
  near = near * y - 1.387039388740657e-1f;
  near = near * y + 3.687424674597105e-1f;
  near = near * y - 5.824733027278666e-1f;
  near = near * y + 6.210004621745983e-1f;
  near = near * y - 4.944515323274145e-1f;
  near = near * y + 3.404879937665872e-1f;
  near = near * y - 2.741127028184656e-1f;
  near = near * y + 5.638259427386472e-1f;
  float far = -1.047766399936249e+1f;
  far = far * y + 1.297719955372516e+1f;
  far = far * y - 7.495518717768503e+0f;
  far = far * y + 2.921019019210786e+0f;
  far = far * y - 1.015265279202700e+0f;
  far = far * y + 4.218463358204948e-1f;
  far = far * y - 2.820767439740514e-1f;
  far = far * y + 5.641895067754075e-1f;
  return exponential(-magnitude * magnitude) * q * (magnitude < 2.0f ? near : far);
}

INLINE float error_near_zero(float x) {
  CONTRACT
  float z = x * x;
  float p = 7.853861353153693e-5f;
  p = p * z - 8.010193625184903e-4f;
  p = p * z + 5.188327685732524e-3f;
  p = p * z - 2.685381193529856e-2f;
  p = p * z + 1.128358514861418e-1f;
  p = p * z - 3.761262582423300e-1f;
  p = p * z + 1.128379165726710e+0f;
  return x * p;
}

/* The normal distribution's integral up to x, (1 + erf(x / sqrt 2)) / 2. Negative x far from 0 keep their relative
 * precision, because the complement is taken as it is. */
INLINE float normal_integral(float x) {
  CONTRACT
  float t = x * 0.70710678118654752f;
  float magnitude = __builtin_fabsf(t);
  float tail = 0.5f * complementary_error(magnitude < 1.0f ? 1.0f : magnitude);
  float far = x < 0 ? tail : 1.0f - tail;
  float near = 0.5f + 0.5f * error_near_zero(t);
  return magnitude < 1.0f ? near : far;
}
