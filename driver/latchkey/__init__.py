# SPDX-License-Identifier: Apache-2.0
# Copyright The Latchkey Authors
"""The driver of Latchkey: campaigns, runs, the fault zoo, the doctor."""
