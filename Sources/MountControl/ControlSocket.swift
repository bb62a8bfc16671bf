// SPDX-License-Identifier: Apache-2.0

public import EventLoop
import Glibc

/// The private socket of a mount, by which its user asks how it is and tells it what to do.
public struct ControlSocket: Sendable {
    /// Where everybody may make files, and only their owners may remove them.
    private static let anyonesDirectory = "/tmp"

    /// The user who has mounted.
    let user: uid_t
    /// The file's name: the device number of the mount, which no other has as long as it lives.
    let name: String

    /// Where it is, if it is not where it should be.
    var testDirectory: String?

    /// The socket of a mount.
    ///
    /// - Parameters:
    ///   - device: the mount's device number as proc(5)'s `mountinfo` has it, such as `0:53`.
    ///   - user: the user who has mounted.
    public init(device: String, user: UInt32) {
        self.user = user
        name = String(device.map { $0 == ":" ? "-" : $0 })
    }

    /// The directories that the socket may be in, the best first.
    var directories: [String] {
        if let testDirectory { return [testDirectory] }
        let runtime = "/run/user/\(user)"
        return [
            isDirectory(runtime, of: user) ? "\(runtime)/hawser" : nil,
            user == 0 ? "/run/hawser" : nil,
            "\(Self.anyonesDirectory)/hawser-\(user)",
        ].compactMap(\.self)
    }

    /// Makes the socket in the first directory that can have it.
    ///
    /// - Throws: ``SystemError`` of the last directory that was tried.
    func listen() throws(SystemError) -> Listener {
        var failure = SystemError(call: "bind", code: ENOENT)
        for directory in directories {
            do throws(SystemError) {
                try prepare(directory)
                let path = "\(directory)/\(name)"
                // Whoever had this number before is dead.
                _ = unsafe unlink(path)
                return try Listener(unixSocket: path)
            } catch {
                failure = error
            }
        }
        throw failure
    }

    /// Connects to the mount.
    ///
    /// - Throws: ``SystemError``: `ENOENT` or `ECONNREFUSED` where no process of the user's answers.
    func connect(_ loop: EpollLoop) throws(SystemError) -> FileDescriptor {
        var failure = SystemError(call: "connect", code: ENOENT)
        for directory in directories {
            do throws(SystemError) {
                let socket = try loop.connect(toUnixSocket: "\(directory)/\(name)")
                // Who else could have made it says nothing that is to be believed.
                guard let peer = socket.peerUser, peer == user || peer == 0 else {
                    throw SystemError(call: "connect", code: EACCES)
                }
                return socket
            } catch {
                if error.code != ENOENT { failure = error }
            }
        }
        throw failure
    }

    /// Who is there.
    public enum Presence: Sendable {
        /// A process of the user's that answers.
        case served
        /// What one has left that was killed.
        case abandoned
        /// Nothing, or nothing that this user may ask.
        case absent
    }

    /// Looks who is there, without asking anything.
    public func presence(_ loop: EpollLoop) -> Presence {
        do throws(SystemError) {
            _ = try connect(loop)
            return .served
        } catch {
            return error.code == ECONNREFUSED ? .abandoned : .absent
        }
    }

    /// Makes sure of a directory that nobody else can do anything in.
    private func prepare(_ directory: String) throws(SystemError) {
        if unsafe mkdir(directory, 0o700) != 0, errno != EEXIST { throw .last("mkdir") }
        guard isDirectory(directory, of: user, isPrivate: true) else {
            throw SystemError(call: directory, code: EACCES)
        }
    }

    private func isDirectory(_ path: String, of user: uid_t, isPrivate: Bool = false) -> Bool {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            return false
        }
        return status.st_uid == user && !(isPrivate && status.st_mode & 0o077 != 0)
    }
}
