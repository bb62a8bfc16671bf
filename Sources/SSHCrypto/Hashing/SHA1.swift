// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
public import Wire

/// SHA-1 where a format knows nothing else and nothing depends on its strength: the names of sockets
/// (`%C` in ssh_config), and SSHFP records.
public enum SHA1 {
    /// The digest of `data`, 20 bytes.
    public static func digest(of data: Bytes) -> [UInt8] {
        [UInt8](capacity: 20) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
                let result = unsafe data.withUnsafeBufferPointer { bytes in
                    unsafe EVP_Q_digest(
                        nil, "SHA1", nil, bytes.baseAddress, bytes.count, buffer.baseAddress, nil)
                }
                mustSucceed(result, "SHA-1")
                initializedCount = 20
            }
        }
    }
}
