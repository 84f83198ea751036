# SPDX-License-Identifier: Apache-2.0
"""The driver of Latchkey: campaigns, runs, the fault zoo, the doctor."""
