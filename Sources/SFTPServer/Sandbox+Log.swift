// SPDX-License-Identifier: Apache-2.0

public import LocalFiles
import SFTPProtocol
public import Wire

extension Sandbox {
    /// Raises what walls the system has round a server, and tells the log of them.
    ///
    /// What the system lacks is no error: the server's own checks stand without it.
    ///
    /// - Parameters:
    ///   - tree: what is served; if it is not confined, the file system stays as it is.
    ///   - policy: what is refused of it.
    ///   - files: what is read again and again outside of it.
    ///   - ports: where the server will listen.
    public static func raise(
        round tree: FileTree, _ policy: RequestPolicy, reading files: [Bytes] = [],
        ports: [UInt16] = [], log: ServerLog
    ) {
        if tree.isConfined {
            do throws(Errno) {
                let version = try confine(
                    to: tree, isReadOnly: policy.isReadOnly, reading: files, ports: ports)
                log.log(.debug1, "sandbox: Landlock version \(version)")
            } catch {
                log.log(.debug1, "sandbox: no Landlock: \(error)")
            }
        }
        do throws(Errno) {
            try denyCalls()
            log.log(.debug1, "sandbox: seccomp filter")
        } catch {
            log.log(.debug1, "sandbox: no seccomp filter: \(error)")
        }
    }
}
