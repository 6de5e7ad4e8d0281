# Servers under a name.

profiles = Profiles
profiles-hover = Servers kept under a name, with address, port, behaviour, rules and misbehaviour
server-name = Name
server-name-hint = goes by its address
server-name-hover = What this server is called, and what its profile is kept under
profile-save = Save
profile-save-hover = Keep address, port and all settings of this server under this name
profile-no-name = Type a name to keep this server
profile-full = There are { $most } profiles already, delete one first
profile-saved = Saved as it is now
profile-replaces = Save replaces the profile of this name
profile-not-saved = There is no profile of this name yet
profiles-none = No profile has been saved yet
profile-load = { $name }, { $address }
profile-load-hover = Use it for this server
profile-running = The server is running: stop it to load a profile
profile-delete = Delete { $name }
profile-path = File
profile-path-hover = A TOML file of one profile; “socketscope serve --profile” takes it too
profile-read = Profile read from { $path }
profile-written = Profile written to { $path }

command-choose-profile = Choose…
command-choose-profile-hover = Choose a file and load its profile
command-import-profile = Import
command-import-profile-hover = Load the profile of this file
command-export-profile = Export
command-export-profile-hover = Write address, port and all settings of this server to this file

toml-mistake = line { $line }, column { $column }: { $what }
profile-unknown = there is no setting { $setting }
