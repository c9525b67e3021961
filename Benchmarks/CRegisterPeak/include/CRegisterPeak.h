/* Fused multiply-adds on registers alone: what no product can exceed. */
#pragma once
/* Floating-point operations per call of `register_peak_run` with this many rounds; 0 on processors with
 * neither AVX-512 nor AVX2. */
double register_peak_flops(long rounds);
/* Runs them; the result is meaningless and keeps them from being removed. */
float register_peak_run(long rounds);
