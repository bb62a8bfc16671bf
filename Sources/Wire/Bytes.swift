// SPDX-License-Identifier: Apache-2.0

/// A piece of a buffer, shared without copying: it keeps the whole buffer alive.
///
/// Indices are those of the buffer, so they do not start at zero. Read it through ``WireReader`` or
/// its `span`.
public typealias Bytes = ArraySlice<UInt8>
