#include "CKernels.h"
#include "bits.h"

DISPATCHED void elo_axpy(float a, const float *x, float *y, long n) {
  CONTRACT
  for (long i = 0; i < n; i++) y[i] += a * x[i];
}

DISPATCHED void elo_axpy_bf16(float a, const uint16_t *x, float *y, long n) {
  CONTRACT
  for (long i = 0; i < n; i++) y[i] += a * from_bf16(x[i]);
}

DISPATCHED void elo_axpy_f16(float a, const uint16_t *x, float *y, long n) {
  CONTRACT
  for (long i = 0; i < n; i++) y[i] += a * from_f16(x[i]);
}

DISPATCHED void elo_scale(float a, float *y, long n) {
  for (long i = 0; i < n; i++) y[i] *= a;
}

DISPATCHED void elo_add(const float *x, float *y, long n) {
  for (long i = 0; i < n; i++) y[i] += x[i];
}

DISPATCHED void elo_add_rows(const float *bias, float *y, long n, long d) {
  for (long row = 0; row < n; row++)
    for (long i = 0; i < d; i++) y[row * d + i] += bias[i];
}

DISPATCHED double elo_sum_of_squares(const float *x, long n) {
  REASSOCIATE
  double sum = 0;
  for (long i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
  return sum;
}

DISPATCHED void elo_multiply(const float *x, float *y, long n) {
  for (long i = 0; i < n; i++) y[i] *= x[i];
}
