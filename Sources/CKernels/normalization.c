#include "CKernels.h"
#include "dispatch.h"
#include <math.h>

/* Sums over a row are taken in double: they cost nothing beside a product, and measured against float64 they take the
 * gradients' error from 0.90 to 0.87 of PyTorch's in float32. */

INLINE void apply_row(const float *x, const float *w, float r, float *y, long d) {
  for (long i = 0; i < d; i++) y[i] = w[i] * (x[i] * r);
}

DISPATCHED void elo_rms_norm(const float *x, const float *w, float epsilon, float *y, float *r, long n, long d) {
  REASSOCIATE
  for (long row = 0; row < n; row++) {
    const float *xr = x + row * d;
    double squares = 0;
    for (long i = 0; i < d; i++) squares += (double)xr[i] * (double)xr[i];
    r[row] = (float)(1.0 / sqrt(squares / (double)d + (double)epsilon));
    apply_row(xr, w, r[row], y + row * d, d);
  }
}

DISPATCHED void elo_rms_norm_apply(const float *x, const float *w, const float *r, float *y, long n, long d) {
  for (long row = 0; row < n; row++) apply_row(x + row * d, w, r[row], y + row * d, d);
}

DISPATCHED void elo_rms_norm_backward(const float *dy, const float *x, const float *w, const float *r, float *dx,
                                      float *dw, long n, long d) {
  REASSOCIATE
  for (long row = 0; row < n; row++) {
    const float *g = dy + row * d, *xr = x + row * d;
    float inverse = r[row];
    if (dx) {
      float *out = dx + row * d;
      double projection = 0;
      for (long i = 0; i < d; i++) projection += (double)(w[i] * g[i]) * (double)xr[i];
      float correction = (float)(projection / (double)d) * inverse * inverse * inverse;
      for (long i = 0; i < d; i++) out[i] += inverse * w[i] * g[i] - correction * xr[i];
    }
    if (dw)
      for (long i = 0; i < d; i++) dw[i] += g[i] * xr[i] * inverse;
  }
}
