// SPDX-License-Identifier: Apache-2.0

/// The modes that new files and directories get, whatever clients ask for.
///
/// Where either is forced, clients' changes of modes are not carried out, on anything: they are answered
/// as if they had been, since programs such as `cp -p` fail over a refusal.
public struct ForcedModes: Sendable {
    /// The permission bits of new files; `nil` for what clients ask for.
    public var file: UInt32?
    /// The permission bits of new directories; `nil` for what clients ask for.
    public var directory: UInt32?
    /// What is taken from modes that aren't forced.
    ///
    /// The process's own umask(2) would be taken from forced ones, too: whoever forces a mode sets that to
    /// zero, and puts it here.
    public var mask: UInt32

    /// By default nothing is forced.
    public init(file: UInt32? = nil, directory: UInt32? = nil, mask: UInt32 = 0) {
        self.file = file
        self.directory = directory
        self.mask = mask
    }

    /// The permissions that an octal number stands for, up to 777; nil for anything else.
    public static func permissions(octal text: String) -> UInt32? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }) else {
            return nil
        }
        return UInt32(text, radix: 8).flatMap { $0 <= 0o777 ? $0 : nil }
    }

    /// Whether there is any.
    public var isEmpty: Bool { file == nil && directory == nil }

    /// The mode of a new file, of which a client has asked for this one.
    func ofFile(asked: UInt32) -> UInt32 { file ?? asked & ~mask }

    /// The mode of a new directory, of which a client has asked for this one.
    func ofDirectory(asked: UInt32) -> UInt32 { directory ?? asked & ~mask }
}
