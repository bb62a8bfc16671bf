# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: private servers, links, clients, accounts of processor time, and reports."""
