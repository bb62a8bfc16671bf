// SPDX-License-Identifier: Apache-2.0

/// The compression methods; raw values are their names on the wire.
public enum CompressionAlgorithm: String, CaseIterable, Sendable {
    /// No compression.
    case none
    /// Zlib from the moment the user is authenticated (OpenSSH's PROTOCOL): a stranger never gets
    /// to feed the decompressor.
    case zlibOpenSSH = "zlib@openssh.com"
}
