/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory map. KICKS_TABLE: the guest's page directory for the second GiB. */
#define IMAGE_SIZE 0x5000
#define KICKS_TABLE 0x104000
#define KICKS_PAGES 0x40000000
#define KICKS_COUNT 262144
#define KICKS_ROUNDS 1
