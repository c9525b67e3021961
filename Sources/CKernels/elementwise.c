#include "CKernels.h"
#include "dispatch.h"

DISPATCHED void elo_axpy(float a, const float *x, float *y, long n) {
  CONTRACT
  for (long i = 0; i < n; i++) y[i] += a * x[i];
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

DISPATCHED void elo_adamw(float *w, const float *gradient, float *m, float *v, float gradient_scale, float rate, float b1,
                          float b2, float epsilon, float decay, float correction1, float correction2, long n) {
  CONTRACT
  /* The builtin, because sqrtf may set errno and would keep the loop from being vectorised. */
  const float keep = 1.0f - rate * decay, step = rate / correction1, root = 1.0f / __builtin_elementwise_sqrt(correction2);
  for (long i = 0; i < n; i++) {
    float g = gradient[i] * gradient_scale;
    float first = b1 * m[i] + (1.0f - b1) * g;
    float second = b2 * v[i] + (1.0f - b2) * g * g;
    m[i] = first;
    v[i] = second;
    w[i] = w[i] * keep - step * first / (__builtin_elementwise_sqrt(second) * root + epsilon);
  }
}

DISPATCHED void elo_multiply(const float *x, float *y, long n) {
  for (long i = 0; i < n; i++) y[i] *= x[i];
}
