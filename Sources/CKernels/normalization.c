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

DISPATCHED void elo_layer_norm_apply(const float *x, const float *w, const float *b, const float *mean, const float *r,
                                     float *y, long first, long groups, long n, long d) {
  for (long row = 0; row < n; row++) {
    const float *xr = x + row * d, *wr = w + (first + row) % groups * d;
    float *yr = y + row * d;
    float m = mean[row], inverse = r[row];
    if (b) {
      const float *br = b + (first + row) % groups * d;
      for (long i = 0; i < d; i++) yr[i] = wr[i] * ((xr[i] - m) * inverse) + br[i];
    } else {
      for (long i = 0; i < d; i++) yr[i] = wr[i] * ((xr[i] - m) * inverse);
    }
  }
}

DISPATCHED void elo_layer_norm(const float *x, const float *w, const float *b, float epsilon, float *y, float *mean,
                               float *r, long first, long groups, long n, long d) {
  REASSOCIATE
  for (long row = 0; row < n; row++) {
    const float *xr = x + row * d;
    double sum = 0, squares = 0;
    for (long i = 0; i < d; i++) sum += (double)xr[i];
    double centre = sum / (double)d;
    for (long i = 0; i < d; i++) squares += ((double)xr[i] - centre) * ((double)xr[i] - centre);
    mean[row] = (float)centre;
    r[row] = (float)(1.0 / sqrt(squares / (double)d + (double)epsilon));
  }
  elo_layer_norm_apply(x, w, b, mean, r, y, first, groups, n, d);
}

DISPATCHED void elo_layer_norm_backward(const float *dy, const float *x, const float *w, const float *mean,
                                        const float *r, float *dx, float *dw, float *db, long first, long groups, long n,
                                        long d) {
  REASSOCIATE
  for (long row = 0; row < n; row++) {
    const long group = (first + row) % groups * d;
    const float *g = dy + row * d, *xr = x + row * d, *wr = w + group;
    float m = mean[row], inverse = r[row];
    if (dx) {
      float *out = dx + row * d;
      double sum = 0, projection = 0;
      for (long i = 0; i < d; i++) {
        double weighted = (double)(wr[i] * g[i]);
        sum += weighted;
        projection += weighted * (double)((xr[i] - m) * inverse);
      }
      float shift = (float)(sum / (double)d), slope = (float)(projection / (double)d);
      for (long i = 0; i < d; i++) out[i] += inverse * (wr[i] * g[i] - shift - slope * ((xr[i] - m) * inverse));
    }
    if (dw)
      for (long i = 0; i < d; i++) dw[group + i] += g[i] * ((xr[i] - m) * inverse);
    if (db)
      for (long i = 0; i < d; i++) db[group + i] += g[i];
  }
}
