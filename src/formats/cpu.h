/* cpu.h - which of the files that are compiled for several kinds of processor may be used: their
 * names end in the kind. */
#ifndef DP_FORMATS_CPU_H
#define DP_FORMATS_CPU_H

#include <stdbool.h>

/* KERNEL is the kind, as the build says it. */
#define DP__OF_KIND(name)           DP__OF_KIND_(name, KERNEL)
#define DP__OF_KIND_(name, kernel)  DP__OF_KIND__(name, kernel)
#define DP__OF_KIND__(name, kernel) name##_##kernel

/* v3: what those files are compiled with, of x86-64-v3. */
static inline bool dp__cpu_is_v3(void)
{
#ifdef __x86_64__
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	       __builtin_cpu_supports("bmi2");
#else
	return false;
#endif
}

#endif
