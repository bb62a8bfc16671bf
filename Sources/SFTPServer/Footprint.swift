// SPDX-License-Identifier: Apache-2.0

import LocalFiles

/// What carrying out a request looks at and changes, as far as another request can tell.
///
/// Times of last access are not counted: that a read changes them keeps nobody waiting.
struct Footprint {
    /// What it does with names: with entries of directories, and with whatever else decides where a path
    /// leads.
    enum Names {
        case untouched
        case used
        case changed
    }

    /// Contents and attributes of files and directories.
    enum Files {
        case only(Set<FileIdentity>)
        /// Of which ones can't be known yet.
        case all

        func overlaps(_ other: Files) -> Bool {
            switch (self, other) {
            case (.only(let files), .only(let others)): !files.isDisjoint(with: others)
            case (.only(let files), .all), (.all, .only(let files)): !files.isEmpty
            case (.all, .all): true
            }
        }

        mutating func add(_ other: Files) {
            guard case .only(let files) = self, case .only(let others) = other else {
                return self = .all
            }
            self = .only(files.union(others))
        }
    }

    var names = Names.untouched
    var read = Files.only([])
    var written = Files.only([])

    /// Whether carrying this out before the end of `earlier` could show.
    func mustFollow(_ earlier: Footprint) -> Bool {
        switch (names, earlier.names) {
        case (.changed, .used), (.used, .changed), (.changed, .changed): return true
        case (.untouched, _), (_, .untouched), (.used, .used): break
        }
        return written.overlaps(earlier.written) || written.overlaps(earlier.read)
            || read.overlaps(earlier.written)
    }

    /// Becomes that of both.
    mutating func add(_ other: Footprint) {
        switch (names, other.names) {
        case (_, .untouched), (.changed, _), (.used, .used): break
        case (.untouched, _), (.used, .changed): names = other.names
        }
        read.add(other.read)
        written.add(other.written)
    }
}
