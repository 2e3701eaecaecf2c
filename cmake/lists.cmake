# lists.cmake - the sources of every folder whose rows stand in a list.def: a new row needs no edit here
function(detpipe_list out def macro prefix)
  set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${def})
  file(STRINGS ${def} rows REGEX "^${macro}\\(")
  foreach(row IN LISTS rows)
    string(REGEX REPLACE "^${macro}\\(([a-z0-9_]+).*" "\\1" name "${row}")
    list(APPEND sources ${prefix}${name}.c)
  endforeach()
  set(${out} ${sources} PARENT_SCOPE)
endfunction()

detpipe_list(readers io/list.def DP_READER io/)
detpipe_list(transforms transforms/list.def DP_TRANSFORM transforms/)
detpipe_list(orders pipeline/order/list.def DP_ORDER pipeline/order/)
detpipe_list(layers compute/list.def DP_LAYER compute/layers/)
detpipe_list(losses compute/list.def DP_LOSS compute/losses/)
detpipe_list(optimizers compute/list.def DP_OPTIMIZER compute/optimizers/)
detpipe_list(initializers compute/list.def DP_INITIALIZER compute/initializers/)
detpipe_list(commands tools/commands.def DP_COMMAND tools/cmd_)

# Folders whose other files are not rows: a new file is seen without an edit, too.
file(GLOB shared_sources CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
     base/*.c io/*.c transforms/*.c pipeline/*.c pipeline/order/*.c
     compute/*.c compute/archive/*.c compute/reference/*.c compute/kernels/*.c)
list(REMOVE_ITEM shared_sources ${readers} ${transforms} ${orders})
file(GLOB tool_sources CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} tools/*.c)
list(FILTER tool_sources EXCLUDE REGEX "tools/cmd_")
set(detpipe_sources ${shared_sources} ${readers} ${transforms} ${orders} ${layers} ${losses} ${optimizers} ${initializers})
set(detpipe_tool_sources ${tool_sources} ${commands})

# The recipes, embedded as text.
file(GLOB recipes CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} tools/recipes/*.recipe)
set(recipes_source ${PROJECT_BINARY_DIR}/recipes.c)
set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${recipes})
set(text "#include \"tools/recipe.h\"\nconst embedded_recipe embedded_recipes[] = {\n")
foreach(recipe IN LISTS recipes)
  get_filename_component(name ${recipe} NAME_WE)
  string(APPEND text "{\"${name}\",\n")
  file(READ ${recipe} content)
  string(REPLACE "\\" "\\\\" content "${content}")
  string(REPLACE "\"" "\\\"" content "${content}")
  string(REPLACE "\n" "\\n\"\n\"" content "${content}")
  string(APPEND text "\"${content}\"},\n")
endforeach()
string(APPEND text "{0, 0}};\n")
file(GENERATE OUTPUT ${recipes_source} CONTENT "${text}")

# One file an instruction set, each with its own flags (docs/numerics.md).
function(detpipe_kernel_flags)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set_source_files_properties(compute/kernels/avx2.c PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma")
    set_source_files_properties(compute/kernels/avx512.c PROPERTIES COMPILE_OPTIONS "-mavx512f;-mavx512vl;-mavx2;-mfma")
  endif()
endfunction()
